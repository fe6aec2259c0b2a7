# Português. Os números chegam escritos; $count serve às regras do plural.

## Unidades e formas dos números

unit-steps = { $count ->
    [one] { $value } passo
   *[other] { $value } passos
 }
unit-rate = { $count ->
    [one] { $value } batimento por minuto
   *[other] { $value } batimentos por minuto
 }
unit-breaths = { $count ->
    [one] { $value } respiração por minuto
   *[other] { $value } respirações por minuto
 }
unit-energy = { $count ->
    [one] { $value } quilocaloria
   *[other] { $value } quilocalorias
 }
unit-ms = { $value } ms
unit-percent = { $value }%
unit-kg = { $value } kg
unit-lb = { $value } lb
duration-minutes = { $minutes } min
duration-hours = { $hours } h
duration-both = { $hours } h { $minutes } min
clock = { $hours }h{ $minutes }
range = de { $low } a { $high }

## Como um texto termina

disclaimer = Este texto descreve as suas próprias medições. Não é orientação médica nem diagnóstico; procure um médico se algo lhe causar preocupação.

## Nomes

name-sleep_duration = Sono
name-steps = Passos
name-resting_heart_rate = Frequência cardíaca em repouso
name-hrv_sdnn_asleep = Variabilidade da frequência cardíaca
name-active_energy = Energia ativa
name-exercise = Exercício
name-bedtime = Hora de adormecer
name-deep_sleep = Sono profundo
name-rem_sleep = Sono REM
name-respiratory_rate = Respiração
name-oxygen_saturation = Oxigênio no sangue
name-hrv_sdnn = Variabilidade da frequência cardíaca
name-hrv_rmssd = Variabilidade da frequência cardíaca
name-nocturnal_heart_rate = Frequência cardíaca à noite
name-body_mass = Peso

## Um dia

title-none = Nada fora do habitual
title-numbers = Seu dia em números
title-more = { $name }: mais do que o habitual
title-less = { $name }: menos do que o habitual
title-higher = { $name }: acima do habitual
title-lower = { $name }: abaixo do habitual
title-later = { $name }: mais tarde do que o habitual
title-earlier = { $name }: mais cedo do que o habitual

daily-sleep_duration = Você dormiu { $value }{ $compared }.
daily-steps = Você deu { $value }{ $compared }.
daily-resting_heart_rate = Sua frequência cardíaca em repouso foi de { $value }{ $compared }.
daily-hrv_sdnn_asleep = A variabilidade da sua frequência cardíaca durante o sono (SDNN) foi de { $value }{ $compared }.
daily-active_energy = Você gastou { $value } em movimento{ $compared }.
daily-exercise = Você fez { $value } de exercício{ $compared }.
daily-bedtime = { $count ->
    [one] Você adormeceu à { $value }{ $compared }.
   *[other] Você adormeceu às { $value }{ $compared }.
 }
daily-deep_sleep = Seu relógio contou { $value } de sono profundo{ $compared }.
daily-rem_sleep = Seu relógio contou { $value } de sono REM{ $compared }.
daily-respiratory_rate = Durante o sono, sua respiração foi de { $value }{ $compared }.
daily-oxygen_saturation = Seu oxigênio no sangue foi, em média, de { $value }{ $compared }.
daily-hrv_sdnn = A variabilidade da sua frequência cardíaca (SDNN) foi de { $value }{ $compared }.
daily-hrv_rmssd = A variabilidade da sua frequência cardíaca (RMSSD) foi de { $value }{ $compared }.
daily-nocturnal_heart_rate = Durante o sono, sua frequência cardíaca média foi de { $value }{ $compared }.
daily-body_mass = Você pesou { $value }{ $compared }.

usual-none = { "" }
usual-same = , como de costume
usual-within = , dentro do habitual ({ $usual })
usual-more = , mais do que o habitual ({ $usual })
usual-less = , menos do que o habitual ({ $usual })
usual-higher = , acima do habitual ({ $usual })
usual-lower = , abaixo do habitual ({ $usual })
usual-later = , mais tarde do que o habitual ({ $usual })
usual-earlier = , mais cedo do que o habitual ({ $usual })
usual-little-more = , um pouco mais do que o habitual ({ $usual })
usual-little-less = , um pouco menos do que o habitual ({ $usual })
usual-little-higher = , um pouco acima do habitual ({ $usual })
usual-little-lower = , um pouco abaixo do habitual ({ $usual })
usual-little-later = , um pouco mais tarde do que o habitual ({ $usual })
usual-little-earlier = , um pouco mais cedo do que o habitual ({ $usual })
