//! What actigraphs record: activity in counts, acceleration reduced to epochs, temperature at the device.
//! Light is `ambient_light` like any other.
//!
//! Counts of different devices are different quantities; a row says which one it holds.

use crate::metric::Metric;
use crate::unit::Unit;

pub(super) const METRICS: &[Metric] = &[
    Metric::cumulative(
        1300,
        "activity_count",
        Unit::Count,
        "Activity in the counts of the device that measured it; devices do not count alike.",
    )
    .range(0.0, 10_000_000.0)
    .dense()
    .aliases(&["activity_counts", "actigraphy"]),
    Metric::cumulative(
        1301,
        "actigraph_count",
        Unit::Count,
        "Activity of the vertical axis in the counts that ActiGraph published in 2022.",
    )
    .range(0.0, 10_000_000.0)
    .dense(),
    Metric::cumulative(
        1302,
        "actigraph_vector_magnitude",
        Unit::Count,
        "Activity of three axes in the counts that ActiGraph published in 2022.",
    )
    .range(0.0, 10_000_000.0)
    .dense(),
    Metric::time_weighted(
        1303,
        "euclidean_norm_minus_one",
        Unit::MilliGravity,
        "Acceleration beyond gravity, averaged over an epoch.",
    )
    .range(0.0, 16_000.0)
    .dense()
    .aliases(&["enmo"]),
    Metric::time_weighted(
        1304,
        "mean_amplitude_deviation",
        Unit::MilliGravity,
        "Mean deviation of acceleration from its mean within an epoch.",
    )
    .range(0.0, 16_000.0)
    .dense(),
    Metric::time_weighted(
        1305,
        "z_angle",
        Unit::Degree,
        "Angle between the device and the horizontal plane, averaged over an epoch.",
    )
    .range(-90.0, 90.0)
    .dense()
    .aliases(&["anglez"]),
    Metric::time_weighted(
        1306,
        "device_temperature",
        Unit::Celsius,
        "Temperature inside a worn device: between the skin's and the room's.",
    )
    .range(-40.0, 80.0)
    .dense(),
];
