# 中文。数字以书写好的形式传入；$count 供复数规则使用。

## 单位与数字形式

unit-steps = { $count ->
   *[other] { $value }步
 }
unit-rate = { $count ->
   *[other] 每分钟{ $value }次
 }
unit-breaths = { $count ->
   *[other] 每分钟{ $value }次
 }
unit-energy = { $count ->
   *[other] { $value }千卡
 }
unit-ms = { $value }毫秒
unit-percent = { $value }%
unit-kg = { $value }公斤
unit-lb = { $value }磅
duration-minutes = { $minutes }分钟
duration-hours = { $hours }小时
duration-both = { $hours }小时{ $minutes }分钟
clock = { $hours }:{ $minutes }
range = { $low }至{ $high }

## 文末

disclaimer = 以上只描述你自己的测量数据，不是医疗建议，也不是诊断；如有任何担心，请咨询医生。

## 名称

name-sleep_duration = 睡眠
name-steps = 步数
name-resting_heart_rate = 静息心率
name-hrv_sdnn_asleep = 心率变异性
name-active_energy = 活动能量
name-exercise = 锻炼
name-bedtime = 入睡时间
name-deep_sleep = 深度睡眠
name-rem_sleep = 快速眼动睡眠
name-respiratory_rate = 呼吸频率
name-oxygen_saturation = 血氧
name-hrv_sdnn = 心率变异性
name-hrv_rmssd = 心率变异性
name-nocturnal_heart_rate = 夜间心率
name-body_mass = 体重

## 一天

title-none = 一切如常
title-numbers = 你这一天的数据
title-more = { $name }：比平时多
title-less = { $name }：比平时少
title-higher = { $name }：比平时高
title-lower = { $name }：比平时低
title-later = { $name }：比平时晚
title-earlier = { $name }：比平时早

daily-sleep_duration = 你睡了{ $value }{ $compared }。
daily-steps = 你走了{ $value }{ $compared }。
daily-resting_heart_rate = 你的静息心率为{ $value }{ $compared }。
daily-hrv_sdnn_asleep = 你睡眠时的心率变异性（SDNN）为{ $value }{ $compared }。
daily-active_energy = 你活动消耗了{ $value }{ $compared }。
daily-exercise = 你锻炼了{ $value }{ $compared }。
daily-bedtime = 你在{ $value }入睡{ $compared }。
daily-deep_sleep = 手表记录的深度睡眠为{ $value }{ $compared }。
daily-rem_sleep = 手表记录的快速眼动睡眠为{ $value }{ $compared }。
daily-respiratory_rate = 你睡眠时的呼吸频率为{ $value }{ $compared }。
daily-oxygen_saturation = 你的平均血氧为{ $value }{ $compared }。
daily-hrv_sdnn = 你的心率变异性（SDNN）为{ $value }{ $compared }。
daily-hrv_rmssd = 你的心率变异性（RMSSD）为{ $value }{ $compared }。
daily-nocturnal_heart_rate = 你睡眠时的平均心率为{ $value }{ $compared }。
daily-body_mass = 你的体重为{ $value }{ $compared }。

usual-none = { "" }
usual-same = ，与平时相同
usual-within = ，在平时的范围内（{ $usual }）
usual-more = ，比平时多（平时为{ $usual }）
usual-less = ，比平时少（平时为{ $usual }）
usual-higher = ，比平时高（平时为{ $usual }）
usual-lower = ，比平时低（平时为{ $usual }）
usual-later = ，比平时晚（平时为{ $usual }）
usual-earlier = ，比平时早（平时为{ $usual }）
usual-little-more = ，比平时略多（平时为{ $usual }）
usual-little-less = ，比平时略少（平时为{ $usual }）
usual-little-higher = ，比平时略高（平时为{ $usual }）
usual-little-lower = ，比平时略低（平时为{ $usual }）
usual-little-later = ，比平时略晚（平时为{ $usual }）
usual-little-earlier = ，比平时略早（平时为{ $usual }）
