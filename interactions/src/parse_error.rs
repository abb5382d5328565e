//! The ways in which a signed body is none that Pulse understands.

/// Signed by Discord, and still not understood.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// Not the JSON of an interaction.
    #[error("not an interaction: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A kind that Pulse offers nobody.
    #[error("interactions of type {0} are not offered by Pulse")]
    UnknownType(u8),
    /// Something that is used is not there.
    #[error("the interaction has no {0}")]
    Missing(&'static str),
    /// An option that its definition demands is missing or of another type.
    #[error("/{command} came without a usable option `{option}`")]
    BadOption {
        /// The command's name, without its slash.
        command: &'static str,
        /// The option's name in the command's definition.
        option: &'static str,
    },
}

impl ParseError {
    /// Stable, `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed_interaction",
            Self::UnknownType(_) => "unknown_interaction_type",
            Self::Missing(_) => "incomplete_interaction",
            Self::BadOption { .. } => "bad_option",
        }
    }
}
