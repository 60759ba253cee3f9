//! mapper-matrix.
