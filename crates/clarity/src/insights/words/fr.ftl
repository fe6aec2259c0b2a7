# Français. Les nombres arrivent écrits ; $count sert aux règles du pluriel.

## Unités et formes des nombres

unit-steps = { $count ->
    [one] { $value } pas
   *[other] { $value } pas
 }
unit-rate = { $count ->
    [one] { $value } battement par minute
   *[other] { $value } battements par minute
 }
unit-breaths = { $count ->
    [one] { $value } respiration par minute
   *[other] { $value } respirations par minute
 }
unit-energy = { $count ->
    [one] { $value } kilocalorie
   *[other] { $value } kilocalories
 }
unit-ms = { $value } ms
unit-percent = { $value } %
unit-kg = { $value } kg
unit-lb = { $value } lb
duration-minutes = { $minutes } min
duration-hours = { $hours } h
duration-both = { $hours } h { $minutes } min
clock = { $hours } h { $minutes }
range = de { $low } à { $high }

## La fin d'un texte

disclaimer = Ce texte décrit vos propres mesures. Ce n'est ni un avis médical ni un diagnostic ; parlez à un médecin de tout ce qui vous inquiète.

## Noms

name-sleep_duration = Sommeil
name-steps = Pas
name-resting_heart_rate = Fréquence cardiaque au repos
name-hrv_sdnn_asleep = Variabilité de la fréquence cardiaque
name-active_energy = Énergie active
name-exercise = Exercice
name-bedtime = Heure d'endormissement
name-deep_sleep = Sommeil profond
name-rem_sleep = Sommeil paradoxal
name-respiratory_rate = Respiration
name-oxygen_saturation = Oxygène dans le sang
name-hrv_sdnn = Variabilité de la fréquence cardiaque
name-hrv_rmssd = Variabilité de la fréquence cardiaque
name-nocturnal_heart_rate = Fréquence cardiaque la nuit
name-body_mass = Poids

## Un jour

title-none = Rien d'inhabituel
title-numbers = Votre journée en chiffres
title-more = { $name } : plus que d'habitude
title-less = { $name } : moins que d'habitude
title-higher = { $name } : au-dessus de l'habitude
title-lower = { $name } : au-dessous de l'habitude
title-later = { $name } : plus tard que d'habitude
title-earlier = { $name } : plus tôt que d'habitude

daily-sleep_duration = Vous avez dormi { $value }{ $compared }.
daily-steps = Vous avez fait { $value }{ $compared }.
daily-resting_heart_rate = Votre fréquence cardiaque au repos était de { $value }{ $compared }.
daily-hrv_sdnn_asleep = La variabilité de votre fréquence cardiaque pendant le sommeil (SDNN) était de { $value }{ $compared }.
daily-active_energy = Vous avez dépensé { $value } en bougeant{ $compared }.
daily-exercise = Vous avez fait { $value } d'exercice{ $compared }.
daily-bedtime = Votre sommeil a commencé à { $value }{ $compared }.
daily-deep_sleep = Votre montre a compté { $value } de sommeil profond{ $compared }.
daily-rem_sleep = Votre montre a compté { $value } de sommeil paradoxal{ $compared }.
daily-respiratory_rate = Pendant le sommeil, votre respiration était de { $value }{ $compared }.
daily-oxygen_saturation = Votre taux moyen d'oxygène dans le sang était de { $value }{ $compared }.
daily-hrv_sdnn = La variabilité de votre fréquence cardiaque (SDNN) était de { $value }{ $compared }.
daily-hrv_rmssd = La variabilité de votre fréquence cardiaque (RMSSD) était de { $value }{ $compared }.
daily-nocturnal_heart_rate = Pendant le sommeil, votre fréquence cardiaque moyenne était de { $value }{ $compared }.
daily-body_mass = Vous pesiez { $value }{ $compared }.

usual-none = { "" }
usual-same = , comme d'habitude
usual-within = , dans vos valeurs habituelles ({ $usual })
usual-more = , plus que d'habitude ({ $usual })
usual-less = , moins que d'habitude ({ $usual })
usual-higher = , au-dessus de vos valeurs habituelles ({ $usual })
usual-lower = , au-dessous de vos valeurs habituelles ({ $usual })
usual-later = , plus tard que d'habitude ({ $usual })
usual-earlier = , plus tôt que d'habitude ({ $usual })
usual-little-more = , un peu plus que d'habitude ({ $usual })
usual-little-less = , un peu moins que d'habitude ({ $usual })
usual-little-higher = , un peu au-dessus de vos valeurs habituelles ({ $usual })
usual-little-lower = , un peu au-dessous de vos valeurs habituelles ({ $usual })
usual-little-later = , un peu plus tard que d'habitude ({ $usual })
usual-little-earlier = , un peu plus tôt que d'habitude ({ $usual })
