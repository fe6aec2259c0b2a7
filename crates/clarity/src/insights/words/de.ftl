# Deutsch. Zahlen kommen geschrieben an; $count ist für die Pluralregeln da.

## Einheiten und Zahlenformen

unit-steps = { $count ->
    [one] { $value } Schritt
   *[other] { $value } Schritte
 }
unit-rate = { $count ->
    [one] { $value } Schlag pro Minute
   *[other] { $value } Schläge pro Minute
 }
unit-breaths = { $count ->
    [one] { $value } Atemzug pro Minute
   *[other] { $value } Atemzüge pro Minute
 }
unit-energy = { $count ->
    [one] { $value } Kilokalorie
   *[other] { $value } Kilokalorien
 }
unit-ms = { $value } ms
unit-percent = { $value } %
unit-kg = { $value } kg
unit-lb = { $value } lb
duration-minutes = { $minutes } min
duration-hours = { $hours } h
duration-both = { $hours } h { $minutes } min
clock = { $hours }:{ $minutes }
range = { $low } bis { $high }

## Womit ein Text endet

disclaimer = Das beschreibt Ihre eigenen Messungen. Es ist kein medizinischer Rat und keine Diagnose; fragen Sie eine Ärztin oder einen Arzt, wenn Ihnen etwas Sorgen macht.

## Namen

name-sleep_duration = Schlaf
name-steps = Schritte
name-resting_heart_rate = Ruhepuls
name-hrv_sdnn_asleep = Herzfrequenzvariabilität
name-active_energy = Aktivitätsenergie
name-exercise = Training
name-bedtime = Einschlafzeit
name-deep_sleep = Tiefschlaf
name-rem_sleep = REM-Schlaf
name-respiratory_rate = Atemfrequenz
name-oxygen_saturation = Blutsauerstoff
name-hrv_sdnn = Herzfrequenzvariabilität
name-hrv_rmssd = Herzfrequenzvariabilität
name-nocturnal_heart_rate = Puls in der Nacht
name-body_mass = Gewicht

## Ein Tag

title-none = Nichts Besonderes
title-numbers = Ihr Tag in Zahlen
title-more = { $name }: mehr als üblich
title-less = { $name }: weniger als üblich
title-higher = { $name }: höher als üblich
title-lower = { $name }: niedriger als üblich
title-later = { $name }: später als üblich
title-earlier = { $name }: früher als üblich

daily-sleep_duration = Sie haben { $value } geschlafen{ $compared }.
daily-steps = Sie sind { $value } gegangen{ $compared }.
daily-resting_heart_rate = Ihr Ruhepuls betrug { $value }{ $compared }.
daily-hrv_sdnn_asleep = Ihre Herzfrequenzvariabilität im Schlaf (SDNN) betrug { $value }{ $compared }.
daily-active_energy = Sie haben durch Bewegung { $value } verbraucht{ $compared }.
daily-exercise = Sie haben { $value } trainiert{ $compared }.
daily-bedtime = Sie sind um { $value } Uhr eingeschlafen{ $compared }.
daily-deep_sleep = Ihre Uhr hat { $value } Tiefschlaf gezählt{ $compared }.
daily-rem_sleep = Ihre Uhr hat { $value } REM-Schlaf gezählt{ $compared }.
daily-respiratory_rate = Ihre Atemfrequenz im Schlaf betrug { $value }{ $compared }.
daily-oxygen_saturation = Ihr Blutsauerstoff betrug im Mittel { $value }{ $compared }.
daily-hrv_sdnn = Ihre Herzfrequenzvariabilität (SDNN) betrug { $value }{ $compared }.
daily-hrv_rmssd = Ihre Herzfrequenzvariabilität (RMSSD) betrug { $value }{ $compared }.
daily-nocturnal_heart_rate = Ihr Puls im Schlaf betrug im Mittel { $value }{ $compared }.
daily-body_mass = Sie haben { $value } gewogen{ $compared }.

usual-none = { "" }
usual-same = , wie üblich
usual-within = , im üblichen Bereich ({ $usual })
usual-more = , mehr als üblich ({ $usual })
usual-less = , weniger als üblich ({ $usual })
usual-higher = , höher als üblich ({ $usual })
usual-lower = , niedriger als üblich ({ $usual })
usual-later = , später als üblich ({ $usual })
usual-earlier = , früher als üblich ({ $usual })
usual-little-more = , etwas mehr als üblich ({ $usual })
usual-little-less = , etwas weniger als üblich ({ $usual })
usual-little-higher = , etwas höher als üblich ({ $usual })
usual-little-lower = , etwas niedriger als üblich ({ $usual })
usual-little-later = , etwas später als üblich ({ $usual })
usual-little-earlier = , etwas früher als üblich ({ $usual })
