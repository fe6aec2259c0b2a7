//! The vector magnitude of counts along three axes, which tools of actigraphy take as the activity.
//!
//! It must never replace the axes: scorers made for one of them find it beside the magnitude.

use super::Channel;
use super::table::Field;

/// Names of the axes.
const AXES: [&str; 3] = ["axis1", "axis2", "axis3"];

/// Whether fields have all three axes.
pub(crate) fn is_possible(fields: &[Field]) -> bool {
    AXES.iter()
        .all(|axis| fields.iter().any(|field| field.name == *axis))
}

/// Puts the magnitude first where there are three axes.
pub(crate) fn add(channels: &mut Vec<Channel>) {
    let axis = |name: &str| channels.iter().find(|channel| channel.name == name);
    let [first, second, third] = AXES;
    let (Some(x), Some(y), Some(z)) = (axis(first), axis(second), axis(third)) else {
        return;
    };
    let values = x.values.iter().zip(&y.values).zip(&z.values);
    let magnitude = Channel {
        name: "vector_magnitude".to_owned(),
        values: values
            .map(|((x, y), z)| (x * x + y * y + z * z).sqrt())
            .collect(),
        ..x.clone()
    };
    channels.insert(0, magnitude);
}
