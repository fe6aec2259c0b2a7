//! What a reducer can make of raw acceleration.

use super::{activity_index, angle, bfen, counts, enmo, hfen, mad};
use crate::method::Analysis;

/// One series that a [`Reducer`](super::reducer::Reducer) can produce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Euclidean norm minus one, g.
    Enmo,
    /// Absolute Euclidean norm minus one, g.
    EnmoAbsolute,
    /// Mean Euclidean norm, g.
    VectorMagnitude,
    /// Mean amplitude deviation, g.
    Mad,
    /// Mean angle of the z axis, degrees.
    AngleZ,
    /// Angle of the z axis from the medians of the axes, degrees.
    AngleZOfMedians,
    /// Activity index, g.
    ActivityIndex,
    /// Activity index of the filtered axes, g.
    ActivityIndexFiltered,
    /// Band-pass filtered Euclidean norm, g.
    Bfen,
    /// High-pass filtered Euclidean norm, g.
    Hfen,
    /// High-pass filtered Euclidean norm plus, g.
    HfenPlus,
    /// `ActiGraph` counts along the first axis of the samples.
    CountsX,
    /// `ActiGraph` counts along the second axis.
    CountsY,
    /// `ActiGraph` counts along the third axis.
    CountsZ,
    /// Vector magnitude of the `ActiGraph` counts.
    CountsMagnitude,
}

/// One of the three axes, or all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Axis(usize),
    Magnitude,
}

/// Every measure, in the order of the documentation.
pub const ALL: &[Measure] = &[
    Measure::Enmo,
    Measure::EnmoAbsolute,
    Measure::VectorMagnitude,
    Measure::Mad,
    Measure::AngleZ,
    Measure::AngleZOfMedians,
    Measure::ActivityIndex,
    Measure::ActivityIndexFiltered,
    Measure::Bfen,
    Measure::Hfen,
    Measure::HfenPlus,
    Measure::CountsX,
    Measure::CountsY,
    Measure::CountsZ,
    Measure::CountsMagnitude,
];

impl Measure {
    /// The method in the catalogue.
    pub const fn analysis(self) -> &'static Analysis {
        match self {
            Self::Enmo => &enmo::ENMO,
            Self::EnmoAbsolute => &enmo::ENMO_ABSOLUTE,
            Self::VectorMagnitude => &enmo::VECTOR_MAGNITUDE,
            Self::Mad => &mad::MAD,
            Self::AngleZ => &angle::ANGLE_Z,
            Self::AngleZOfMedians => &angle::ANGLE_Z_OF_MEDIANS,
            Self::ActivityIndex => &activity_index::ACTIVITY_INDEX,
            Self::ActivityIndexFiltered => &activity_index::ACTIVITY_INDEX_FILTERED,
            Self::Bfen => &bfen::BFEN,
            Self::Hfen => &hfen::HFEN,
            Self::HfenPlus => &hfen::HFEN_PLUS,
            Self::CountsX => &counts::COUNTS_X,
            Self::CountsY => &counts::COUNTS_Y,
            Self::CountsZ => &counts::COUNTS_Z,
            Self::CountsMagnitude => &counts::COUNTS_MAGNITUDE,
        }
    }

    /// Which of the counts it is, if one.
    pub(super) const fn counted(self) -> Option<Of> {
        match self {
            Self::CountsX => Some(Of::Axis(0)),
            Self::CountsY => Some(Of::Axis(1)),
            Self::CountsZ => Some(Of::Axis(2)),
            Self::CountsMagnitude => Some(Of::Magnitude),
            Self::Enmo
            | Self::EnmoAbsolute
            | Self::VectorMagnitude
            | Self::Mad
            | Self::AngleZ
            | Self::AngleZOfMedians
            | Self::ActivityIndex
            | Self::ActivityIndexFiltered
            | Self::Bfen
            | Self::Hfen
            | Self::HfenPlus => None,
        }
    }

    /// Whether it needs the length of each sample's vector.
    pub(super) const fn of_norm(self) -> bool {
        matches!(
            self,
            Self::Enmo | Self::EnmoAbsolute | Self::VectorMagnitude | Self::Mad
        )
    }
}
