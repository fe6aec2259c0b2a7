//! Who the made-up people are.

/// A made-up person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The one who is signed in first.
    Robin,
    /// The other one.
    Kim,
}

impl Who {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Robin, Self::Kim];

    /// The address to sign in with. The domain cannot exist (RFC 2606).
    pub(crate) const fn email(self) -> &'static str {
        match self {
            Self::Robin => "demo@clarity.invalid",
            Self::Kim => "kim@clarity.invalid",
        }
    }

    /// The password: in the open, which is why the demo only listens on loopback addresses.
    pub(crate) const fn password(self) -> &'static str {
        match self {
            Self::Robin => "sixty-days-of-a-made-up-life",
            Self::Kim => "three-weeks-of-a-made-up-life",
        }
    }

    /// Where they live.
    pub(crate) const fn home(self) -> &'static str {
        match self {
            Self::Robin => "Europe/Berlin",
            Self::Kim => "Asia/Kolkata",
        }
    }

    /// Days of data, today included.
    pub(crate) const fn days(self) -> i64 {
        match self {
            Self::Robin => 60,
            Self::Kim => 21,
        }
    }

    /// The name in the names of their devices.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Robin => "Robin",
            Self::Kim => "Kim",
        }
    }

    /// How many days the calendar of rare things is ahead of Robin's.
    pub(super) const fn days_ahead(self) -> i64 {
        match self {
            Self::Robin => 0,
            Self::Kim => 17,
        }
    }

    /// Where sport begins, degrees north and east: a park of the town.
    pub(super) const fn park_deg(self) -> (f64, f64) {
        match self {
            Self::Robin => (52.514_5, 13.350_1), // Berlin, Tiergarten
            Self::Kim => (12.976_3, 77.592_9),   // Bengaluru, Cubbon Park
        }
    }
}
