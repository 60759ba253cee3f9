//! The host's HTTP faces, called over real sockets with a real database behind them.

mod appservice;
