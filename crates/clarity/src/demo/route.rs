//! The way of a workout: rounds through a park, as a watch with a satellite receiver records them.

use model::record::{Body, Route};
use model::sample::SECOND_US;
use model::zone::Zone;

use crate::demo::chance::Chance;
use crate::demo::days::Stretch;
use crate::demo::pen::Pen;

/// Seconds between two points.
const STEP_S: i64 = 10;
/// Metres of a degree of latitude.
const DEGREE_M: f64 = 111_320.0;
/// Metres of a round.
const ROUND_M: f64 = 3_100.0;
/// How far its bays lead out and in, as a share of the radius.
const BAYS: f64 = 0.22;
/// A round with these bays is so much longer than the circle without: the mean of √((1 + b·sin 3φ)² + (3b·cos 3φ)²).
const LONGER: f64 = 1.102;

/// Writes the route of a workout at an even speed.
pub(super) fn route(
    pen: &mut Pen,
    chance: &mut Chance,
    zone: &Zone,
    (stretch, speed_m_s): (Stretch, f64),
) {
    let (start_us, end_us) = stretch;
    let (north_deg, east_deg) = pen.who().park_deg();
    let mut route = Route::default();
    let mut at_us = start_us;
    while at_us < end_us {
        let metres = speed_m_s * ((at_us - start_us) / SECOND_US) as f64;
        let angle = metres / ROUND_M * std::f64::consts::TAU;
        // A round is no circle: it follows three bays, and each is a little different.
        let circle_m = ROUND_M / LONGER / std::f64::consts::TAU;
        let radius_m = circle_m * (1.0 + BAYS * (3.0 * angle).sin()) + chance.around(0.0, 4.0);
        let (sin, cos) = angle.sin_cos();
        let metres_of_a_degree_east = DEGREE_M * north_deg.to_radians().cos();
        route.at_us.push(at_us);
        route
            .latitude_deg
            .push(micro(north_deg + radius_m * sin / DEGREE_M));
        route
            .longitude_deg
            .push(micro(east_deg + radius_m * cos / metres_of_a_degree_east));
        route.elevation_m.push(Some(
            (36.0 + 4.0 * (2.0 * angle).sin() + chance.around(0.0, 0.5)).round(),
        ));
        route.speed_m_s.push(Some(
            (chance.around(speed_m_s, 0.3) * 100.0).round() / 100.0,
        ));
        route.course_deg.push(None);
        route.horizontal_accuracy_m.push(Some(4.0));
        route.vertical_accuracy_m.push(Some(6.0));
        at_us += STEP_S * SECOND_US;
    }
    pen.record(stretch, zone, Body::Route(route));
}

/// Rounds to about a decimetre, as devices print.
fn micro(degrees: f64) -> f64 {
    (degrees * 1e6).round() / 1e6
}
