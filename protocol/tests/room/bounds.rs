//! Limits on viewers: what one may say, and who is let in.

use protocol::{
    ServerMessage,
    message::{CLIENT_FRAME_MAX_BYTES, CLIENT_MESSAGES_MAX, CloseCode, VIEWERS_MAX},
    room::{Frame, Input, Memory, Output, Refusal, Room, SessionId, SocketId},
};

use super::house::{House, ONE, TWO};
use crate::samples::{EPOCH, NOON};

#[test]
fn a_bad_frame_closes_its_own_socket_and_no_other() {
    let long = format!("\"{}\"", "x".repeat(CLIENT_FRAME_MAX_BYTES));
    let longest = "x".repeat(CLIENT_FRAME_MAX_BYTES);
    for (frame, code) in [
        (Frame::Text(""), CloseCode::BadMessage),
        (Frame::Text("{"), CloseCode::BadMessage),
        (Frame::Text(r#"{"type":"HELLO"}"#), CloseCode::BadMessage),
        (Frame::Text(r#"{"type":"REFRESH"}x"#), CloseCode::BadMessage),
        (Frame::Text("PING"), CloseCode::BadMessage),
        (Frame::Text(&longest), CloseCode::BadMessage),
        (Frame::Text(&long), CloseCode::TooLarge),
        (Frame::Binary, CloseCode::TooLarge),
    ] {
        let mut house = House::watched();
        house.join(TWO, None);
        assert_eq!(house.handle(Input::Said(TWO, frame)), [Output::Close(TWO, code)], "{frame:?}");
        assert_eq!(house.handle(Input::Said(TWO, frame)), [], "it is gone");
        assert_eq!(house.handle(Input::Left(TWO)), []);
        assert_eq!(house.room.stats(house.now).viewers, 1);
        let last = house.handle(Input::Said(ONE, frame));
        assert_eq!(last, [Output::Close(ONE, code), Output::TickNever]);
    }
}

#[test]
fn a_viewer_may_say_twenty_things_in_ten_seconds() {
    let refresh = Frame::Text(r#"{"type":"REFRESH"}"#);
    for (frame, answers) in [(refresh, 1), (Frame::Text("ping"), 0)] {
        let mut house = House::watched();
        let began = house.now;
        for said in 0..CLIENT_MESSAGES_MAX as u64 {
            house.now = began.plus(said);
            assert_eq!(house.handle(Input::Said(ONE, frame)).len(), answers);
        }
        house.now = began.plus(10_000);
        assert_eq!(house.handle(Input::Said(ONE, frame)).len(), answers, "the first is 10 s ago");
        let outputs = house.handle(Input::Said(ONE, frame));
        assert_eq!(outputs, [Output::Close(ONE, CloseCode::TooMany), Output::TickNever]);
    }
}

#[test]
fn a_refresh_is_answered_with_the_numbers() {
    let mut house = House::watched();
    let outputs = house.handle(Input::Said(ONE, Frame::Text(r#"{"type":"REFRESH"}"#)));
    let stats = Box::new(house.room.stats(house.now));
    let numbers = ServerMessage::StatsUpdate { data: stats, points: Vec::new() };
    assert_eq!(outputs, [Output::Send(ONE, numbers)]);
}

#[test]
fn a_full_room_lets_nobody_in() {
    let sockets = (1..=VIEWERS_MAX as u64).map(|socket| (SocketId(socket), None));
    let mut room = Room::restore(Memory::new(EPOCH), sockets);
    for session in [None, Some(SessionId(1))] {
        assert_eq!(room.admit(NOON, session), Err(Refusal::RoomFull));
    }
    room.handle(NOON, Input::Left(ONE));
    assert_eq!(room.admit(NOON, None), Ok(()));
    assert_eq!(room.handle(NOON, Input::Joined(ONE, None, None))[0], Output::Admit(ONE));
    assert_eq!(room.admit(NOON, None), Err(Refusal::RoomFull));
}

#[test]
fn a_session_holds_fifty_sockets() {
    let (session, other) = (Some(SessionId(7)), Some(SessionId(8)));
    let mut house = House::empty();
    let join = |house: &mut House, socket: u64, session| {
        let let_in = house.room.admit(house.now, session);
        if let_in.is_ok() {
            house.handle(Input::Joined(SocketId(socket), session, None));
        }
        let_in
    };
    for socket in 0..50 {
        assert_eq!(join(&mut house, socket, session), Ok(()), "{socket}");
    }
    house.now = house.now.plus(60_000);
    for socket in 50..300 {
        assert_eq!(join(&mut house, socket, session), Err(Refusal::TooManySockets), "{socket}");
    }
    assert_eq!(join(&mut house, 300, other), Ok(()), "another session");
    (400..600).for_each(|socket| assert_eq!(join(&mut house, socket, None), Ok(()), "a program"));
    house.handle(Input::Left(SocketId(3)));
    house.handle(Input::Left(SocketId(3)));
    house.handle(Input::Said(SocketId(4), Frame::Binary));
    assert_eq!(join(&mut house, 601, session), Ok(()), "one left, and one was sent away");
    assert_eq!(join(&mut house, 602, session), Ok(()));
    assert_eq!(join(&mut house, 603, session), Err(Refusal::TooManySockets));
}

#[test]
fn sockets_are_counted_after_a_restart_too() {
    let session = Some(SessionId(7));
    let sockets = (0..50).map(|socket| (SocketId(socket), session)).chain([(SocketId(50), None)]);
    let mut room = Room::restore(Memory::new(EPOCH), sockets);
    assert_eq!(room.admit(NOON, session), Err(Refusal::TooManySockets));
    room.handle(NOON, Input::Left(SocketId(50)));
    assert_eq!(room.admit(NOON, session), Err(Refusal::TooManySockets), "that was a program");
    room.handle(NOON, Input::Left(SocketId(0)));
    assert_eq!(room.admit(NOON, session), Ok(()));
}

#[test]
fn a_session_that_hurries_is_slowed_down() {
    let (session, other) = (Some(SessionId(7)), Some(SessionId(8)));
    let mut room = House::empty().room;
    for knock in 0..100 {
        assert_eq!(room.admit(NOON, session), Ok(()), "{knock}");
    }
    let refused = |retry_in_ms| Err(Refusal::TooManyJoins { retry_in_ms });
    for (after_ms, outcome) in [
        (0, refused(200)),
        (0, refused(200)), // A refusal costs nothing.
        (199, refused(1)),
        (200, Ok(())),
        (200, refused(200)),
        (600, Ok(())),
        (600, Ok(())),
        (600, refused(200)),
    ] {
        assert_eq!(room.admit(NOON.plus(after_ms), session), outcome, "after {after_ms} ms");
    }
    assert_eq!(room.admit(NOON.plus(600), other), Ok(()), "another session has its own pace");
    assert_eq!(room.admit(NOON.plus(600), None), Ok(()), "a program has none");
    let calm = NOON.plus(60_000);
    (0..100).for_each(|knock| assert_eq!(room.admit(calm, session), Ok(()), "{knock} after a calm minute"));
    assert_eq!(room.admit(calm, session), refused(200));
    assert_eq!(
        room.admit(NOON.minus(3_600_000), session),
        Ok(()),
        "a clock that steps back locks nobody out"
    );
}
