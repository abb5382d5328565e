//! Latency is the time a real request to Discord takes; nothing is guessed, and a failure is no number.

use std::time::Duration;

use crate::discord::{Discord, DiscordError};

/// Times one request, in milliseconds.
pub async fn measure(discord: &Discord) -> Result<f64, DiscordError> {
    Ok(milliseconds(discord.touch().await?))
}

/// A duration in milliseconds, to a tenth: what is finer is the machine's noise.
pub fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_of_milliseconds() {
        assert!((milliseconds(Duration::from_micros(41_260)) - 41.3).abs() < 1e-9);
    }
}
