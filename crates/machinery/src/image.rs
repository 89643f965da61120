//! A container image as plain data: what docker builds and keeps, and what nodes are given.

/// An image that a learner built, or one of the catalogue told in the same words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuiltImage {
    /// `web:v1`
    pub reference: String,
    /// The image of the catalogue that it was built from.
    pub base: String,
    pub size: i64,
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    pub env: Vec<(String, String)>,
    pub workdir: String,
    pub ports: Vec<u16>,
    pub files: Vec<(String, String)>,
    /// A shell is in it: `RUN` and shell scripts work.
    pub has_shell: bool,
    /// Its program is an interpreter or a binary that is not modelled: with a port, its front door is.
    pub page: bool,
    /// 0 where nobody knows.
    pub created_ms: i64,
}
