//! One connection to the gateway, from hello to its end.

use std::{collections::BTreeSet, ops::ControlFlow, sync::Arc, time::Duration};

use axum::{
    extract::{
        Query, State as Shared,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use protocol::GuildId;
use serde_json::Value;
use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    time::{MissedTickBehavior, interval},
};

use super::{
    Order,
    compression::{Transport, Wish},
    events,
};
use crate::{fixtures::Guild, state::State};

/// The period at which the weather looks at a connection.
const WEATHER_EVERY: Duration = Duration::from_secs(1);
/// Close codes of the gateway that are used here.
const NOT_AUTHENTICATED: u16 = 4003;
const AUTHENTICATION_FAILED: u16 = 4004;
const DECODE_ERROR: u16 = 4002;

pub(crate) async fn upgrade(
    Shared(state): Shared<Arc<State>>,
    Query(wish): Query<Wish>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !state.gateway.settings().open {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let transport = Transport::new(&wish);
    if transport.compresses() {
        state.gateway.note(|watch| watch.compressed += 1);
    }
    upgrade.on_upgrade(move |socket| hold(state, socket, transport))
}

/// The queue of messages to the client, filled by whatever has something to say.
type Outgoing = UnboundedSender<Message>;

struct Connection {
    state: Arc<State>,
    outgoing: Outgoing,
    session: Option<String>,
}

async fn hold(state: Arc<State>, mut socket: WebSocket, mut transport: Transport) {
    let (orders, mut ordered) = unbounded_channel();
    let (outgoing, mut waiting) = unbounded_channel();
    let number = state.gateway.opened(orders);
    let mut connection = Connection { state: Arc::clone(&state), outgoing, session: None };
    connection.say(&events::hello(state.gateway.settings().heartbeat_ms));
    let mut weather = interval(WEATHER_EVERY);
    weather.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let flow = tokio::select! {
            Some(message) = waiting.recv() => {
                let is_last = matches!(message, Message::Close(_));
                if socket.send(transport.carry(message)).await.is_err() || is_last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }
            Some(order) = ordered.recv() => connection.obey(&order),
            heard = socket.recv() => match heard {
                Some(Ok(message)) => connection.hear(message),
                Some(Err(_)) | None => ControlFlow::Break(()),
            },
            _ = weather.tick() => connection.weather(),
        };
        if flow.is_break() {
            break;
        }
    }
    state.gateway.closed(number);
}

impl Connection {
    fn say(&self, event: &Value) {
        // Nobody listens any more only when the connection is over.
        let _ = self.outgoing.send(Message::Text(event.to_string().into()));
    }

    fn close(&self, code: u16) {
        let frame = CloseFrame { code, reason: "".into() };
        let _ = self.outgoing.send(Message::Close(Some(frame)));
    }

    fn dispatch(&self, event: &str, data: &Value) {
        if let Some(session) = &self.session {
            self.say(&events::dispatch(self.state.gateway.sequence(session), event, data));
        }
    }

    fn obey(&self, order: &Order) -> ControlFlow<()> {
        match order {
            Order::Cut => return ControlFlow::Break(()),
            Order::Reconnect => self.say(&events::reconnect()),
            Order::InvalidSession { resumable } => self.say(&events::invalid_session(*resumable)),
            Order::Close { code } => self.close(*code),
            Order::Leave { .. } | Order::Join { .. } => self.tell_guilds(),
            Order::Dispatch { event, data } => self.dispatch(event, data),
        }
        ControlFlow::Continue(())
    }

    fn weather(&self) -> ControlFlow<()> {
        let (faults, weather) = (&self.state.faults, self.state.faults.weather());
        if faults.rolls("gatewayCut", weather.gateway_cut_percent) {
            return ControlFlow::Break(());
        }
        if faults.rolls("gatewayReconnect", weather.gateway_reconnect_percent) {
            self.say(&events::reconnect());
        }
        if faults.rolls("gatewayInvalid", weather.gateway_invalid_percent) {
            if let Some(session) = &self.session {
                self.state.gateway.end(session);
            }
            self.say(&events::invalid_session(false));
        }
        ControlFlow::Continue(())
    }

    fn hear(&mut self, message: Message) -> ControlFlow<()> {
        let text = match message {
            Message::Text(text) => text,
            Message::Close(frame) => {
                let code = frame.map(|frame| frame.code);
                self.state.gateway.note(|watch| watch.last_close = code);
                // 1000 and 1001 end the session, any other code leaves it to be resumed.
                if let (Some(1000 | 1001), Some(session)) = (code, &self.session) {
                    self.state.gateway.end(session);
                }
                // The next read answers the close, and ends.
                return ControlFlow::Continue(());
            }
            _ => return ControlFlow::Continue(()),
        };
        let Ok(said) = serde_json::from_str::<Value>(&text) else {
            self.close(DECODE_ERROR);
            return ControlFlow::Continue(());
        };
        match said["op"].as_u64() {
            Some(1) => self.heartbeat(),
            Some(2) => self.identify(&said["d"]),
            Some(3) if self.session.is_some() => {
                self.state.gateway.note(|watch| watch.presence = said["d"].clone());
            }
            Some(3) => self.close(NOT_AUTHENTICATED),
            Some(6) => self.resume(&said["d"]),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn heartbeat(&self) {
        let settings = self.state.gateway.settings();
        self.state.gateway.note(|watch| watch.heartbeats += 1);
        let unacknowledged = self.state.faults.weather().gateway_unacknowledged_percent;
        if !settings.acknowledges || self.state.faults.rolls("gatewayUnacknowledged", unacknowledged) {
            return;
        }
        let wait = settings.ack_ms.map_or_else(|| self.state.faults.latency(), Duration::from_millis);
        let outgoing = self.outgoing.clone();
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            let _ = outgoing.send(Message::Text(events::acknowledgement().to_string().into()));
        });
    }

    fn is_the_bot(&self, said: &Value) -> bool {
        let token = said["token"].as_str().unwrap_or_default();
        token.strip_prefix("Bot ").unwrap_or(token) == self.state.bot_token
    }

    fn identify(&mut self, said: &Value) {
        if let Some(code) = self.state.gateway.settings().refuses {
            return self.close(code);
        }
        if !self.is_the_bot(said) {
            return self.close(AUTHENTICATION_FAILED);
        }
        let number = |index: usize| said["shard"][index].as_u64().and_then(|n| u32::try_from(n).ok());
        let shard = (number(0).unwrap_or(0), number(1).unwrap_or(1));
        let session = self.state.gateway.begin(shard);
        self.session = Some(session.clone());
        if !said["presence"].is_null() {
            self.state.gateway.note(|watch| watch.presence = said["presence"].clone());
        }
        self.dispatch("READY", &events::ready(&self.state, &session, shard));
        self.tell_guilds();
    }

    /// Tells which servers have come and gone since the session was told, also while nobody was connected.
    fn tell_guilds(&self) {
        let Some(session) = &self.session else { return };
        let shard = self.state.gateway.shard(session);
        let here: Vec<&Guild> = events::guilds_of(&self.state, shard).collect();
        let ids: BTreeSet<GuildId> = here.iter().map(|guild| guild.id).collect();
        let told = self.state.gateway.tell(session, ids.clone());
        for guild in here.into_iter().filter(|guild| !told.contains(&guild.id)) {
            self.dispatch("GUILD_CREATE", &events::guild_create(guild));
        }
        for id in told.difference(&ids) {
            self.dispatch("GUILD_DELETE", &serde_json::json!({ "id": id }));
        }
    }

    fn resume(&mut self, said: &Value) {
        let session = said["session_id"].as_str().unwrap_or_default();
        if !self.is_the_bot(said) {
            self.close(AUTHENTICATION_FAILED);
        } else if self.state.gateway.resume(session) {
            self.session = Some(session.to_owned());
            self.tell_guilds();
            self.dispatch("RESUMED", &serde_json::json!({ "_trace": [] }));
        } else {
            self.say(&events::invalid_session(false));
        }
    }
}
