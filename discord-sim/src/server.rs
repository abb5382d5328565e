//! The stand-in as a running server: Discord's REST, the control routes, and the crowd.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, atomic::AtomicBool},
};

use axum::{Router, routing::get};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    client::{ClientError, EdgeClient},
    control,
    crowd::Crowd,
    driver,
    faults::Faults,
    fixtures::{self, Player},
    gateway::{self, Gateway},
    original_responses::OriginalResponses,
    rate_limit::RateLimits,
    rest,
    signing::Signer,
    snowflake::DEFAULT_APPLICATION,
    state::State,
};

/// People that are known even without a crowd.
const PEOPLE_AT_LEAST: usize = 32;
/// The number of different people who come to play within a day: each claims once.
const PEOPLE_A_DAY: usize = 960;

/// The settings of the stand-in.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on; loopback only. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The edge's origin; without it nothing is posted.
    pub edge_url: Option<String>,
    /// The application's id.
    pub application: u64,
    /// The signer of interactions; its public key is the application's.
    pub signer: Signer,
    /// The delay of each REST answer, in milliseconds.
    pub latency_ms: u64,
    /// Players in the crowd; 0: no crowd.
    pub players: usize,
    /// The number of servers that the bot is in at first.
    pub guilds: usize,
    /// The only bot token it accepts.
    pub bot_token: String,
    /// Decides what the crowd does.
    pub seed: u64,
}

impl Config {
    /// For tests: a free port, no edge, no latency, no crowd.
    pub fn quiet(signer: Signer) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            edge_url: None,
            application: DEFAULT_APPLICATION,
            signer,
            latency_ms: 0,
            players: 0,
            guilds: 3,
            bot_token: "sim-bot-token".into(),
            seed: 1,
        }
    }
}

/// The stand-in could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Anybody could sign interactions through an open port.
    #[error(
        "--listen {0} is not loopback: discord-sim signs whatever it is asked to, so it listens on 127.0.0.1 or [::1] only"
    )]
    NotLoopback(SocketAddr),
    /// The port is taken, or not allowed.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The way to the edge.
    #[error(transparent)]
    Edge(#[from] ClientError),
}

/// A running stand-in. It ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    state: Arc<State>,
    tasks: Vec<JoinHandle<()>>,
}

impl Server {
    /// Listens, and lets the crowd play.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        if !config.listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(config.listen));
        }
        let cannot_listen = |source| StartError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        let state = Arc::new(state(&config, address)?);
        let mut tasks = vec![tokio::spawn(serve(listener, router(&state)))];
        if let Some(edge) = state.edge.clone() {
            let crowd = Crowd::new(config.seed, state.guilds.clone(), crowd_of(&config));
            let crowd = crowd.taking_turns(config.players);
            tasks.push(tokio::spawn(driver::play(Arc::clone(&state), edge, crowd)));
        }
        Ok(Self { state, tasks })
    }

    /// The origin, `http://127.0.0.1:PORT`; `DISCORD_API` is this with `/api/v10`.
    pub fn url(&self) -> &str {
        &self.state.url
    }

    /// The state that the routes and the crowd share.
    pub fn state(&self) -> &State {
        &self.state
    }
}

impl Drop for Server {
    /// # Panics
    ///
    /// A test has added a fault that nothing met.
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        let missed = self.state.faults.missed();
        assert!(missed.is_empty() || std::thread::panicking(), "nothing met these faults: {missed:?}");
    }
}

/// Everybody who comes to play.
fn crowd_of(config: &Config) -> Vec<Player> {
    let all = if config.players == 0 { 0 } else { config.players.max(PEOPLE_A_DAY) };
    fixtures::players(all)
}

fn state(config: &Config, address: SocketAddr) -> Result<State, StartError> {
    let edge =
        config.edge_url.as_deref().map(|url| EdgeClient::new(url, config.signer.clone())).transpose()?;
    let endpoint = config.edge_url.as_ref().map(|url| format!("{}/interactions", url.trim_end_matches('/')));
    Ok(State {
        application: config.application,
        bot_token: config.bot_token.clone(),
        public_key: config.signer.public_key_hex(),
        url: format!("http://{address}"),
        guilds: fixtures::guilds(config.guilds),
        players: fixtures::players(crowd_of(config).len().max(PEOPLE_AT_LEAST)),
        edge,
        signer: config.signer.clone(),
        endpoint: Mutex::new(endpoint),
        // New applications can be added by servers and by people.
        install: Mutex::new(json!({ "0": {}, "1": {} })),
        redirects: Mutex::default(),
        playing: AtomicBool::new(true),
        tally: crate::state::Tally::default(),
        faults: Faults::new(config.seed, config.latency_ms),
        gateway: Gateway::default(),
        originals: OriginalResponses::default(),
        limits: RateLimits::default(),
        grants: Mutex::default(),
        rights: Mutex::default(),
        let_go: Mutex::default(),
        messages: Mutex::default(),
        commands: Mutex::default(),
        ids: crate::snowflake::Snowflakes::default(),
        entropy: getrandom::u64().unwrap_or(u64::from(std::process::id())),
    })
}

fn router(state: &Arc<State>) -> Router {
    Router::new()
        .nest("/api/v10", rest::routes(Arc::clone(state)))
        .nest("/control", control::routes(Arc::clone(state)))
        .merge(rest::oauth::page().with_state(Arc::clone(state)))
        .route("/", get(gateway::upgrade).with_state(Arc::clone(state)))
}

async fn serve(listener: TcpListener, router: Router) {
    if let Err(error) = axum::serve(listener, router).await {
        eprintln!("discord-sim stopped listening: {error}");
    }
}
