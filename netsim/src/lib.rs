//! Networks of the real node core in virtual time.
