//! Sleep/wake scoring of activity, and what follows from a scored night.
//!
//! A scorer turns epochs of activity into [`State`](scored::State)s; it never invents a state for
//! an epoch it cannot judge.

pub mod angle;
pub mod cole_kripke;
pub mod comparison;
pub mod crespo;
pub mod diary;
pub mod endpoints;
pub mod naps;
pub mod need;
pub mod oakley;
pub mod periods;
pub mod roenneberg;
pub mod sadeh;
pub mod scored;
pub mod scripps;
pub mod webster;
