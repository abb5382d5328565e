//! The settings of the alerts, as the administrator types them and as the browser keeps them.

/// A number with one decimal, in tenths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tenths(pub u32);

impl Tenths {
    /// Parses a number above zero, with a point or a comma; decimals after the first are dropped. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, decimals) = text.trim().split_once(['.', ',']).unwrap_or((text.trim(), "0"));
        let first = decimals.get(..1)?.parse::<u32>().ok()?;
        let whole = if whole.is_empty() { 0 } else { whole.parse::<u32>().ok()? };
        Some(Self(whole.checked_mul(10)?.checked_add(first)?)).filter(|tenths| tenths.0 > 0)
    }

    /// Writes the number as it would be typed.
    pub fn write(self) -> String {
        let whole = (self.0 / 10).to_string();
        if self.0.is_multiple_of(10) { whole } else { [&whole, ".", &(self.0 % 10).to_string()].concat() }
    }

    /// The number itself: 12.5 for 125 tenths.
    pub fn get(self) -> f64 {
        f64::from(self.0) / 10.0
    }

    /// The nearest tenth.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held within 32 bits")]
    pub fn of(number: f64) -> Self {
        Self((number * 10.0).round() as u32)
    }
}

/// The administrator's settings of the alerts; kept in the browser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The thresholds of the latency and of failed commands, the first two of [`Kind::ALL`](super::Kind::ALL); `None`
    /// watches nothing.
    pub thresholds: [Option<Tenths>; 2],
    /// Whether an alert is heard.
    pub sound: bool,
    /// Whether the system shows it.
    pub notify: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { thresholds: [Some(Tenths(3_000)), Some(Tenths(50))], sound: false, notify: false }
    }
}

impl Settings {
    /// Writes the settings for the browser's storage.
    pub fn write(&self) -> String {
        let number = |number: Option<Tenths>| number.map(Tenths::write).unwrap_or_default();
        let flag = |flag: bool| if flag { "1" } else { "" };
        let [latency, errors] = self.thresholds.map(number);
        [latency.as_str(), &errors, flag(self.sound), flag(self.notify)].join(";")
    }

    /// Reads the settings from the browser's storage; what cannot be read is as always.
    pub fn read(text: &str) -> Self {
        let parts: Vec<&str> = text.split(';').collect();
        let [latency, errors, sound, notify] = parts[..] else { return Self::default() };
        Self {
            thresholds: [Tenths::parse(latency), Tenths::parse(errors)],
            sound: sound == "1",
            notify: notify == "1",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_the_browser() {
        let settings = Settings { thresholds: [Some(Tenths(2_505)), None], sound: true, notify: false };
        assert_eq!(Settings::read(&settings.write()), settings);
        assert_eq!(Settings::read("garbage"), Settings::default());
        for (typed, read) in [
            ("12.5", Some(125)),
            ("300", Some(3_000)),
            (" .25 ", Some(2)),
            ("0,1", Some(1)),
            (" ", None),
            ("0", None),
            ("-3", None),
            ("NaN", None),
            ("9999999999", None),
        ] {
            assert_eq!(Tenths::parse(typed), read.map(Tenths), "{typed}");
        }
    }
}
