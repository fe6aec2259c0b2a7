//! Contract tests: every public function, on SQLite always and on PostgreSQL when
//! `CLARITY_TEST_POSTGRES` names a server on which databases may be created.

mod account;
mod api_key;
mod audit;
mod bound;
mod device;
mod entry;
mod erased;
mod failing;
mod fixture;
mod folds;
mod goal;
mod grant;
mod growth;
mod record;
mod sample;
mod told;
mod upgrade;
mod whole;
mod work;
