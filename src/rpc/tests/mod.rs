//! A real server before a real node on a store in memory, on loopback.

mod calls;
mod edge;
mod harness;
mod index;
mod junk;
mod miners;
