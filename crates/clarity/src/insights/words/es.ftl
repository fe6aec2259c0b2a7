# Español. Los números llegan escritos; $count sirve para las reglas del plural.

## Unidades y formas de los números

unit-steps = { $count ->
    [one] { $value } paso
   *[other] { $value } pasos
 }
unit-rate = { $count ->
    [one] { $value } latido por minuto
   *[other] { $value } latidos por minuto
 }
unit-breaths = { $count ->
    [one] { $value } respiración por minuto
   *[other] { $value } respiraciones por minuto
 }
unit-energy = { $count ->
    [one] { $value } kilocaloría
   *[other] { $value } kilocalorías
 }
unit-ms = { $value } ms
unit-percent = { $value } %
unit-kg = { $value } kg
unit-lb = { $value } lb
duration-minutes = { $minutes } min
duration-hours = { $hours } h
duration-both = { $hours } h { $minutes } min
clock = { $hours }:{ $minutes }
range = de { $low } a { $high }

## Cómo termina un texto

disclaimer = Esto describe tus propias mediciones. No es un consejo médico ni un diagnóstico; consulta a un médico si algo te preocupa.

## Nombres

name-sleep_duration = Sueño
name-steps = Pasos
name-resting_heart_rate = Frecuencia cardíaca en reposo
name-hrv_sdnn_asleep = Variabilidad de la frecuencia cardíaca
name-active_energy = Energía activa
name-exercise = Ejercicio
name-bedtime = Hora de dormir
name-deep_sleep = Sueño profundo
name-rem_sleep = Sueño REM
name-respiratory_rate = Respiración
name-oxygen_saturation = Oxígeno en sangre
name-hrv_sdnn = Variabilidad de la frecuencia cardíaca
name-hrv_rmssd = Variabilidad de la frecuencia cardíaca
name-nocturnal_heart_rate = Frecuencia cardíaca nocturna
name-body_mass = Peso

## Un día

title-none = Nada fuera de lo habitual
title-numbers = Tu día en cifras
title-more = { $name }: más de lo habitual
title-less = { $name }: menos de lo habitual
title-higher = { $name }: por encima de lo habitual
title-lower = { $name }: por debajo de lo habitual
title-later = { $name }: más tarde de lo habitual
title-earlier = { $name }: más temprano de lo habitual

daily-sleep_duration = Dormiste { $value }{ $compared }.
daily-steps = Diste { $value }{ $compared }.
daily-resting_heart_rate = Tu frecuencia cardíaca en reposo fue de { $value }{ $compared }.
daily-hrv_sdnn_asleep = La variabilidad de tu frecuencia cardíaca durante el sueño (SDNN) fue de { $value }{ $compared }.
daily-active_energy = Gastaste { $value } con el movimiento{ $compared }.
daily-exercise = Hiciste { $value } de ejercicio{ $compared }.
daily-bedtime = { $count ->
    [one] Te dormiste a la { $value }{ $compared }.
   *[other] Te dormiste a las { $value }{ $compared }.
 }
daily-deep_sleep = Tu reloj contó { $value } de sueño profundo{ $compared }.
daily-rem_sleep = Tu reloj contó { $value } de sueño REM{ $compared }.
daily-respiratory_rate = Mientras dormías, tu respiración fue de { $value }{ $compared }.
daily-oxygen_saturation = Tu oxígeno en sangre fue, de media, del { $value }{ $compared }.
daily-hrv_sdnn = La variabilidad de tu frecuencia cardíaca (SDNN) fue de { $value }{ $compared }.
daily-hrv_rmssd = La variabilidad de tu frecuencia cardíaca (RMSSD) fue de { $value }{ $compared }.
daily-nocturnal_heart_rate = Mientras dormías, tu frecuencia cardíaca media fue de { $value }{ $compared }.
daily-body_mass = Pesaste { $value }{ $compared }.

usual-none = { "" }
usual-same = , como de costumbre
usual-within = , dentro de lo habitual ({ $usual })
usual-more = , más de lo habitual ({ $usual })
usual-less = , menos de lo habitual ({ $usual })
usual-higher = , por encima de lo habitual ({ $usual })
usual-lower = , por debajo de lo habitual ({ $usual })
usual-later = , más tarde de lo habitual ({ $usual })
usual-earlier = , más temprano de lo habitual ({ $usual })
usual-little-more = , un poco más de lo habitual ({ $usual })
usual-little-less = , un poco menos de lo habitual ({ $usual })
usual-little-higher = , un poco por encima de lo habitual ({ $usual })
usual-little-lower = , un poco por debajo de lo habitual ({ $usual })
usual-little-later = , un poco más tarde de lo habitual ({ $usual })
usual-little-earlier = , un poco más temprano de lo habitual ({ $usual })
