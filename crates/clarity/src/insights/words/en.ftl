# English. Numbers arrive written; $count is there for plural rules.

## Units and forms of numbers

unit-steps = { $count ->
    [one] { $value } step
   *[other] { $value } steps
 }
unit-rate = { $count ->
    [one] { $value } beat per minute
   *[other] { $value } beats per minute
 }
unit-breaths = { $count ->
    [one] { $value } breath per minute
   *[other] { $value } breaths per minute
 }
unit-energy = { $count ->
    [one] { $value } active kilocalorie
   *[other] { $value } active kilocalories
 }
unit-ms = { $value } ms
unit-percent = { $value }%
unit-kg = { $value } kg
unit-lb = { $value } lb
duration-minutes = { $minutes } min
duration-hours = { $hours } h
duration-both = { $hours } h { $minutes } min
clock = { $hours }:{ $minutes }
range = { $low } to { $high }

## What a text ends with

disclaimer = This describes your own measurements. It is not medical advice and not a diagnosis; ask a doctor about anything that worries you.

## Names

name-sleep_duration = Sleep
name-steps = Steps
name-resting_heart_rate = Resting heart rate
name-hrv_sdnn_asleep = Heart rate variability
name-active_energy = Active energy
name-exercise = Exercise
name-bedtime = Bedtime
name-deep_sleep = Deep sleep
name-rem_sleep = REM sleep
name-respiratory_rate = Breathing
name-oxygen_saturation = Blood oxygen
name-hrv_sdnn = Heart rate variability
name-hrv_rmssd = Heart rate variability
name-nocturnal_heart_rate = Heart rate at night
name-body_mass = Weight

## A day

title-none = Nothing stood out
title-numbers = Your day in numbers
title-more = { $name } more than your usual
title-less = { $name } less than your usual
title-higher = { $name } higher than your usual
title-lower = { $name } lower than your usual
title-later = { $name } later than your usual
title-earlier = { $name } earlier than your usual

daily-sleep_duration = You slept { $value }{ $compared }.
daily-steps = You took { $value }{ $compared }.
daily-resting_heart_rate = Your resting heart rate was { $value }{ $compared }.
daily-hrv_sdnn_asleep = Your heart rate variability asleep (SDNN) was { $value }{ $compared }.
daily-active_energy = You burned { $value }{ $compared }.
daily-exercise = You exercised for { $value }{ $compared }.
daily-bedtime = You fell asleep at { $value }{ $compared }.
daily-deep_sleep = Your watch counted deep sleep of { $value }{ $compared }.
daily-rem_sleep = Your watch counted REM sleep of { $value }{ $compared }.
daily-respiratory_rate = You breathed asleep at { $value }{ $compared }.
daily-oxygen_saturation = Your mean blood oxygen was { $value }{ $compared }.
daily-hrv_sdnn = Your heart rate variability (SDNN) was { $value }{ $compared }.
daily-hrv_rmssd = Your heart rate variability (RMSSD) was { $value }{ $compared }.
daily-nocturnal_heart_rate = Your mean heart rate asleep was { $value }{ $compared }.
daily-body_mass = You weighed { $value }{ $compared }.

usual-none = { "" }
usual-same = , as usual
usual-within = , within your usual { $usual }
usual-more = , more than your usual { $usual }
usual-less = , less than your usual { $usual }
usual-higher = , higher than your usual { $usual }
usual-lower = , lower than your usual { $usual }
usual-later = , later than your usual { $usual }
usual-earlier = , earlier than your usual { $usual }
usual-little-more = , a little more than your usual { $usual }
usual-little-less = , a little less than your usual { $usual }
usual-little-higher = , a little higher than your usual { $usual }
usual-little-lower = , a little lower than your usual { $usual }
usual-little-later = , a little later than your usual { $usual }
usual-little-earlier = , a little earlier than your usual { $usual }
