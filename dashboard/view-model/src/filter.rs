//! The filter of events: the page filters by the same conditions that it asks the server for.

use protocol::{Event, GuildId, Severity};

use super::text::contains;

/// The conditions on an event, all of which must hold; a condition that is not set holds for every event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of these severities; any, when there is none.
    pub severities: Vec<Severity>,
    /// This kind, as it is written on the wire.
    pub source: Option<String>,
    /// In this server alone.
    pub guild: Option<GuildId>,
    /// With these words in its message, whatever the case.
    pub words: String,
}

impl Filter {
    /// Whether everything is let through.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this event is let through.
    pub fn lets(&self, event: &Event) -> bool {
        (self.severities.is_empty() || self.severities.contains(&event.severity))
            && self.guild.is_none_or(|guild| guild == event.guild_id)
            && self.source.as_ref().is_none_or(|source| source == event.source.word())
            && contains(&event.message, &self.words)
    }

    /// The query parameters, in one fixed order; only those that are set.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        for &severity in &self.severities {
            pairs.push(("severity", severity.word().to_owned()));
        }
        if let Some(source) = &self.source {
            pairs.push(("source", source.clone()));
        }
        if let Some(guild) = self.guild {
            pairs.push(("guild", guild.to_string()));
        }
        if !self.words.is_empty() {
            pairs.push(("q", self.words.clone()));
        }
        pairs
    }

    /// Takes one query parameter; what makes no sense is passed over. Severities come one by one.
    pub fn take(&mut self, name: &str, value: &str) {
        match name {
            "severity" => {
                if let Some(severity) = severity(value).filter(|severity| !self.severities.contains(severity))
                {
                    self.severities.push(severity);
                }
            }
            "source" => self.source = Some(value.to_owned()).filter(|source| !source.is_empty()),
            "guild" => self.guild = value.parse().ok(),
            "q" => value.clone_into(&mut self.words),
            _ => {}
        }
    }

    /// Adds a severity, or takes it away again.
    pub fn toggle(&mut self, severity: Severity) {
        match self.severities.iter().position(|&known| known == severity) {
            Some(index) => _ = self.severities.remove(index),
            None => self.severities.push(severity),
        }
    }
}

/// A severity from the wire.
pub fn severity(word: &str) -> Option<Severity> {
    [Severity::Success, Severity::Info, Severity::Warn, Severity::Error]
        .into_iter()
        .find(|&severity| severity.word() == word)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use protocol::{Seq, Source, Timestamp};

    /// An event with a number, to try lists with.
    pub fn event(seq: u64) -> Event {
        let message = format!("Ann did {seq}");
        let at = Timestamp(1_000 * seq);
        let event = Event::new(seq.to_string(), at, GuildId(7), Severity::Success, Source::Daily, message);
        Event { seq: Seq(seq), ..event }
    }

    #[test]
    fn each_condition_can_refuse() {
        let cases = [
            ("", true),
            ("severity=success", true),
            ("severity=error", false),
            ("severity=error&severity=success", true),
            ("severity=error&severity=warn&severity=error", false),
            ("source=daily", true),
            ("source=level_up", false),
            ("guild=7", true),
            ("guild=8", false),
            ("q=ANN did", true),
            ("q=Bob", false),
            ("q=ann&guild=8", false),
            ("severity=loud&guild=x", true),
        ];
        for (query, lets) in cases {
            let mut filter = Filter::default();
            for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                filter.take(name, value);
            }
            assert_eq!(filter.lets(&event(1)), lets, "{query}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let filter = Filter {
            severities: vec![Severity::Warn, Severity::Error],
            source: Some("level_up".to_owned()),
            guild: Some(GuildId(9)),
            words: "a b".to_owned(),
        };
        let mut again = Filter::default();
        for (name, value) in filter.pairs() {
            again.take(name, &value);
        }
        assert_eq!(again, filter);
        assert!(Filter::default().pairs().is_empty() && Filter::default().is_open());
    }

    #[test]
    fn a_severity_is_added_and_taken_away() {
        let mut filter = Filter::default();
        filter.toggle(Severity::Warn);
        filter.toggle(Severity::Error);
        filter.toggle(Severity::Warn);
        assert_eq!(filter.severities, [Severity::Error]);
        filter.toggle(Severity::Error);
        assert!(filter.is_open());
    }
}
