//! The acts, one file each.

mod answer;
mod explain;
mod outside;
mod replay;
mod stay;
mod swap;

pub(super) use self::{
    answer::answer,
    explain::{explain, point_onward},
    outside::outside,
    replay::replay,
    stay::stay,
    swap::swap,
};
