//! Clients that we did not write, against `bottleship serve`: the `kube` crate, the official Python and JavaScript clients, and
//! a real kubectl.

mod crate_crd;
mod crate_kube;
mod crate_pods;
mod kubectl;
mod scripts;
