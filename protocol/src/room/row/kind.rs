//! The kinds of the rows that the room remembers.

/// The kind of a row, and with it the meaning of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The life of the event log; one row.
    Epoch,
    /// An event, by its sequence number.
    Event,
    /// A server's books, by its id.
    Guild,
    /// A server's name, by its id.
    Name,
    /// A step of time, by its beginning.
    FiveSeconds,
    /// The steps of five minutes that are over and had commands, by its beginning.
    Fives,
    /// A step of time, by its beginning.
    Minute,
    /// A step of time, by its beginning.
    QuarterHour,
    /// The minutes of an hour that are over, by its beginning.
    Minutes,
    /// The quarters of an hour of a day that are over, by its beginning.
    Quarters,
    /// Players whose last command falls into a quarter of an hour that is over, by its beginning.
    Active,
    /// Commands by month, as rooms stored them before there were [`Kind::Open`]; one row.
    Months,
    /// The last report; one row.
    Report,
    /// Work that waits for the bot-worker, by a running number.
    Job,
    /// The maintenance state, with the last actions on it; one row.
    Maintenance,
    /// The steps of time that are not over; one row.
    Open,
    /// The rules of alerts that somebody has set; one row.
    Rules,
    /// A channel of alerts, by its number.
    Channel,
    /// An incident that lasts, may come back or has still to be told, by its number.
    Incident,
    /// An incident that is laid by, by its number. The room does not read these when it wakes.
    Past,
}

impl Kind {
    const ALL: [(Self, &'static str); 20] = [
        (Self::Epoch, "epoch"),
        (Self::Event, "event"),
        (Self::Guild, "guild"),
        (Self::Name, "name"),
        (Self::FiveSeconds, "5s"),
        (Self::Fives, "fives"),
        (Self::Minute, "1m"),
        (Self::QuarterHour, "15m"),
        (Self::Minutes, "minutes"),
        (Self::Quarters, "quarters"),
        (Self::Active, "active"),
        (Self::Months, "months"),
        (Self::Report, "report"),
        (Self::Job, "job"),
        (Self::Maintenance, "maintenance"),
        (Self::Open, "open"),
        (Self::Rules, "rules"),
        (Self::Channel, "channel"),
        (Self::Incident, "incident"),
        (Self::Past, "past"),
    ];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    /// The kind of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }
}
