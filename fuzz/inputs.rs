//! The inputs from outside, each with what has to hold whatever it is. The fuzzer calls these functions with millions of
//! inputs, and the tests with those in `seeds/`.

#![allow(dead_code, reason = "each program that takes this file in uses some of it")]

use std::sync::OnceLock;

use ed25519_dalek::{Signer, SigningKey};
use interactions::{
    Call, Interaction, PublicKey,
    action::Order,
    sealed::{SealKey, TOKEN_DIGITS},
    signature::{Claim, verify},
    way_back::way_back,
};
use protocol::{
    ClientMessage, Epoch, GuildId, Report, Timestamp,
    action::{Action, Actor, REASON_MAX_CHARS},
    message::{CLIENT_FRAME_MAX_BYTES, CloseCode},
    room::{Frame, Input, Memory, Output, Room, SocketId},
};

const NOON: Timestamp = Timestamp(1_768_478_400_000);
const EPOCH: Epoch = Epoch(7);

/// A key pair: what Discord has, and what the edge has.
fn keys() -> &'static (SigningKey, PublicKey) {
    static KEYS: OnceLock<(SigningKey, PublicKey)> = OnceLock::new();
    KEYS.get_or_init(|| {
        let signer = SigningKey::from_bytes(&[7; 32]);
        let key = PublicKey::from_hex(&hex::encode(signer.verifying_key().to_bytes())).expect("a key");
        (signer, key)
    })
}

/// From the signature to the interaction: what is not signed is never read, and what is signed is understood or refused
/// by a code. An input is a body, or, after a first byte of 0, a signature, a timestamp and a body, one a line.
pub fn interaction(data: &[u8]) {
    let (signer, key) = keys();
    if let Some(forged) = data.strip_prefix(&[0]) {
        let mut lines = forged.splitn(3, |&byte| byte == b'\n');
        let mut text = || lines.next().and_then(|line| std::str::from_utf8(line).ok());
        let (signature, timestamp) = (text(), text());
        assert!(verify(key, signature, timestamp, lines.next().unwrap_or_default()).is_err());
        return;
    }
    let signature = hex::encode(signer.sign(&[b"1", data].concat()).to_bytes());
    let verified = verify(key, Some(&signature), Some("1"), data).expect("it is signed");
    match Interaction::parse(verified) {
        Ok(Interaction::Command(call, _)) => {
            assert!(!call.actor.name.is_empty() && call.actor.name.chars().count() <= 64);
            assert!(!call.command.name().is_empty() || data.contains(&b'"'));
            // Whether it is too old is told by its id, whatever that is.
            let _ = call.may_be_forgotten(NOON);
            // It travels from the Worker to the books as JSON, and is the same there.
            let json = serde_json::to_string(&call).expect("a call is JSON");
            assert_eq!(serde_json::from_str::<Call>(&json).expect("and reads as one"), *call);
        }
        Ok(_) => {}
        Err(error) => assert!(!error.code().is_empty() && !error.to_string().is_empty()),
    }
}

/// A viewer's words, frame by frame: answered, passed over, or the end with a documented code; never more than that. An
/// input is frames, one a line; a line that is not UTF-8 is a binary frame.
pub fn client_message(data: &[u8]) {
    let me = SocketId(1);
    // As after a restart, with a socket that has outlived it.
    let mut room = Room::restore(Memory::new(EPOCH), [(me, None)]);
    for (number, line) in (0_u64..).zip(data.split(|&byte| byte == b'\n')) {
        let text = std::str::from_utf8(line).ok();
        let frame = text.map_or(Frame::Binary, Frame::Text);
        let outputs = room.handle(NOON.plus(number * 100), Input::Said(me, frame));
        let closed = outputs.iter().find_map(|output| match output {
            Output::Close(_, code) => Some(*code),
            _ => None,
        });
        match closed {
            None => {
                let understood = text.filter(|text| text.len() <= CLIENT_FRAME_MAX_BYTES);
                let understood = understood
                    .map(|text| text == "ping" || serde_json::from_str::<ClientMessage>(text).is_ok());
                assert_eq!(understood, Some(true));
                assert!(outputs.len() <= 1);
            }
            Some(code) => {
                let documented = [CloseCode::BadMessage, CloseCode::TooLarge, CloseCode::TooMany];
                assert!(documented.contains(&code));
                assert_eq!(room.state().viewers, 0);
                assert_eq!(room.handle(NOON, Input::Said(me, Frame::Text("ping"))), []);
                return;
            }
        }
    }
}

/// A report of the bot-worker: refused, or shown without a number that no clock can have measured.
pub fn report(data: &[u8]) {
    let Ok(report) = protocol::version::read::<Report>(data) else { return };
    let (mut room, _) = Room::new(EPOCH);
    let outputs = room.handle(NOON, Input::Reported(report.clone()));
    for output in &outputs {
        if let Output::Store(row) = output {
            row.value().expect("what is stored is JSON");
        }
    }
    let stats = room.stats(NOON);
    for shown in [stats.ping.avg, stats.ping.gateway, stats.ping.rest].into_iter().flatten() {
        assert!(shown.is_finite() && shown >= 0.0, "{shown}");
    }
    serde_json::to_string(&stats).expect("what is shown is JSON");
    // The same again changes no count.
    room.handle(NOON.plus(1), Input::Reported(report));
    assert_eq!(room.stats(NOON).guilds, stats.guilds);
}

/// An action from the page: refused, or cleaned, within its bounds, and the same after it has travelled as JSON.
pub fn action(data: &[u8]) {
    let Ok(action) = Action::read(data) else { return };
    let actor = Actor { id: None, name: "A program".to_owned() };
    match Order::new(GuildId(1), actor, action) {
        Ok(order) => {
            let reason = &order.action.reason;
            assert!((1..=REASON_MAX_CHARS).contains(&reason.chars().count()));
            assert!(!reason.contains(['\n', '\u{202e}', '\u{200b}']));
            let json = serde_json::to_string(&order).expect("an order is JSON");
            assert_eq!(serde_json::from_str::<Order>(&json).expect("and reads as one"), order);
        }
        Err(why) => assert!(!why.code().is_empty()),
    }
}

/// A cookie that somebody shows: none but ours is opened, and no timestamp of a signature beyond its five minutes counts.
/// An input is a cookie, or, after a first byte of 0, a timestamp.
pub fn cookie(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(timestamp) = text.strip_prefix('\0') {
        let signature = "00".repeat(64);
        if let Ok(claim) = Claim::new(Some(&signature), Some(timestamp), b"{}")
            && claim.is_current(NOON)
        {
            let seconds: u64 = timestamp.parse().expect("what counts is a number");
            assert!(seconds.abs_diff(NOON.seconds()) <= 300);
        }
        return;
    }
    let key = SealKey::of("a secret");
    if let Some(token) = key.open(text) {
        assert_eq!(token.len(), TOKEN_DIGITS);
        assert_eq!(
            key.seal(token),
            text.to_ascii_lowercase().replacen(&token.to_ascii_lowercase(), token, 1)
        );
    }
    assert_eq!(SealKey::of("another").open(text), None);
}

/// Where a link says that a sign-in is to lead back to: to this site, and by the second reading to the same place.
pub fn way(data: &[u8]) {
    let Ok(next) = std::str::from_utf8(data) else { return };
    let back = way_back(next);
    assert!(back.starts_with('/') && !back.starts_with("//") && !back.starts_with("/\\"), "{back}");
    assert!(back.is_ascii() && !back.contains(['\r', '\n', '\0', ' ']), "{back:?}");
    assert_eq!(way_back(&back), back);
}
