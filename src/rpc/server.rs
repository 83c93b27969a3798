//! The server: HTTP and WebSocket on one port, in front of the methods.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{Request, Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::{any, get};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use jsonrpsee::RpcModule;
use jsonrpsee::core::BoxError;
use jsonrpsee::core::middleware::RpcServiceBuilder;
use jsonrpsee::server::{
    BatchRequestConfig, HttpResponse, PingConfig, Server, ServerConfig, ServerHandle, StopHandle,
    stop_channel, ws,
};
use jsonrpsee::types::{ErrorObjectOwned, Params};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::Service;
use tower::layer::layer_fn;
use tower::util::BoxCloneSyncService;

use super::api::Api;
use super::control;
use super::cookie::{Cookie, ServerFiles};
use super::errors::RpcError;
use super::gate::{ANSWER_BYTES_MAX, Caller, Gate, HttpStatus, REQUEST_BYTES_MAX};
use super::guard::{self, Ends, Guard, LOCAL_BODY_BYTES_MAX};
use super::ports::RpcContext;

/// Connections at once; more wait in the system's queue until one closes.
const CONNECTIONS_MAX: usize = 100;

/// Time a connection may stay without a whole request head, the time between two requests included.
const IDLE_TIME_MAX: Duration = Duration::from_mins(1);

/// Time that calls under way have to finish when the server stops.
const STOP_TIME_MAX: Duration = Duration::from_secs(5);

/// Pause after the system refused a connection, as it does when files run out.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Bytes of a WebSocket message at most: a block comes by POST.
const WEBSOCKET_MESSAGE_BYTES_MAX: u32 = REQUEST_BYTES_MAX as u32 + 4_096;

/// jsonrpsee as a tower service; boxed because its type has no name.
type RpcService = BoxCloneSyncService<Request<Body>, HttpResponse, BoxError>;

/// How the server is to be reached.
#[derive(Debug, Clone)]
pub struct RpcConfig {
    /// Where to listen. Port 0 takes a free one.
    pub bind: SocketAddr,
    /// Where the cookie and `rpc.url` are written.
    pub data_dir: PathBuf,
    /// Host names to answer to, beside localhost and the node's addresses.
    pub allowed_hosts: Vec<String>,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum RpcStartError {
    /// Somebody else listens there.
    #[error("{0} is in use")]
    PortTaken(SocketAddr),
    /// The system does not let us listen there.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// The cookie or `rpc.url` could not be written.
    #[error("cannot write to {folder}: {cause}")]
    Files {
        /// The data folder.
        folder: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

/// A running server.
#[derive(Debug)]
pub struct RpcServer {
    address: SocketAddr,
    url: String,
    handle: ServerHandle,
    _files: ServerFiles,
}

impl RpcServer {
    /// Listens, writes the cookie and `rpc.url`, and serves until [`Self::stop`].
    pub async fn start(config: RpcConfig, context: RpcContext) -> Result<Self, RpcStartError> {
        let listener = listen(config.bind).await?;
        let cannot_listen = |cause| RpcStartError::Listen { address: config.bind, cause };
        let address = listener.local_addr().map_err(cannot_listen)?;
        let url = format!("http://{}/rpc", reachable(address));
        let cookie = Cookie::random();
        let files = ServerFiles::write(&config.data_dir, &cookie, &url)
            .map_err(|cause| RpcStartError::Files { folder: config.data_dir.clone(), cause })?;
        let allowed_hosts = config.allowed_hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        let api = Arc::new(Api::new(context));
        api.templates.follow(api.node().clone());
        let (stop, handle) = stop_channel();
        let router = router(&api, Guard { allowed_hosts, cookie }, &stop);
        tokio::spawn(accept(listener, router, stop));
        Ok(Self { address, url, handle, _files: files })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address for clients on this machine.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Takes no more calls, lets those under way finish for a few seconds, removes the cookie and `rpc.url`.
    pub async fn stop(self) {
        // Stopped already is stopped too.
        let _ = self.handle.stop();
        let _ = tokio::time::timeout(STOP_TIME_MAX, self.handle.stopped()).await;
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, RpcStartError> {
    TcpListener::bind(address).await.map_err(|cause| {
        if cause.kind() == io::ErrorKind::AddrInUse {
            RpcStartError::PortTaken(address)
        } else {
            RpcStartError::Listen { address, cause }
        }
    })
}

/// Where a client on this machine reaches a server that listens there.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Every way in, behind the guard.
pub(super) fn router(api: &Arc<Api>, guard: Guard, stop: &StopHandle) -> Router {
    let for_posts = rpc_service(api, LOCAL_BODY_BYTES_MAX as u32, stop);
    let for_websockets = rpc_service(api, WEBSOCKET_MESSAGE_BYTES_MAX, stop);
    let rpc = any(move |Extension(caller): Extension<Caller>, request: Request<Body>| {
        let (for_posts, for_websockets) = (for_posts.clone(), for_websockets.clone());
        async move {
            if ws::is_upgrade_request(&request) {
                return serve_rpc(for_websockets, request).await;
            }
            match guard::read_post(request, caller).await {
                Ok(request) => serve_rpc(for_posts, request).await,
                Err(refused) => guard::refuse(refused),
            }
        }
    });
    Router::new()
        .route("/", rpc.clone())
        .route("/rpc", rpc)
        .route("/health", get(|| async { "ok\n" }))
        .route("/ready", get(ready))
        .route("/openrpc.json", get(openrpc))
        .with_state(Arc::clone(api))
        .layer(from_fn_with_state(Arc::new(guard), let_in))
}

/// jsonrpsee with our methods behind our gate, for requests of at most so many bytes.
fn rpc_service(api: &Arc<Api>, request_bytes_max: u32, stop: &StopHandle) -> RpcService {
    let config = ServerConfig::builder()
        .max_request_body_size(request_bytes_max)
        .max_response_body_size(ANSWER_BYTES_MAX as u32)
        .set_batch_request_config(BatchRequestConfig::Unlimited)
        .enable_ws_ping(PingConfig::new())
        .build();
    let gate_api = Arc::clone(api);
    let gate = layer_fn(move |inner| Gate { api: Arc::clone(&gate_api), inner });
    let service = Server::builder()
        .set_config(config)
        .to_service_builder()
        .set_rpc_middleware(RpcServiceBuilder::new().layer(gate))
        .max_connections(CONNECTIONS_MAX as u32)
        .build(module(api), stop.clone());
    RpcService::new(service)
}

fn module(api: &Arc<Api>) -> RpcModule<Api> {
    let mut module = RpcModule::from_arc(Arc::clone(api));
    for method in api.methods() {
        let run = move |params: Params<'static>, api, _| async move {
            let params = params.as_str().map(serde_json::from_str).transpose();
            let params = params.map_err(|error| RpcError::parse(error.to_string()))?;
            method.call(api, params).await.map_err(ErrorObjectOwned::from)
        };
        module.register_async_method(method.name, run).expect("a test sees that all names differ");
    }
    module
}

/// Every request passes here first.
async fn let_in(
    State(guard): State<Arc<Guard>>,
    Extension(ends): Extension<Ends>,
    mut request: Request<Body>,
    next: Next,
) -> Response<Body> {
    match guard.caller(request.headers(), ends) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => guard::refuse_unread(error),
    }
}

async fn serve_rpc(mut service: RpcService, request: Request<Body>) -> Response<Body> {
    match service.call(request).await {
        Ok(answer) => {
            let answer = answer.map(Body::new);
            let wanted =
                answer.extensions().get::<HttpStatus>().map_or(answer.status().as_u16(), |wanted| wanted.0);
            let answer = if wanted == 204 { Response::new(Body::empty()) } else { answer };
            guard::with_status(answer, StatusCode::from_u16(wanted).unwrap_or(StatusCode::OK))
        }
        Err(error) => guard::refuse_unread(RpcError::internal("transport", error.to_string())),
    }
}

/// 200 once the node can answer for the present, 503 while many blocks are still behind.
async fn ready(State(api): State<Arc<Api>>) -> (StatusCode, &'static str) {
    if api.node().view().initial_block_download {
        (StatusCode::SERVICE_UNAVAILABLE, "many blocks are still behind\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}

/// The document that `rpc.discover` answers.
async fn openrpc(State(api): State<Arc<Api>>) -> ([(HeaderName, &'static str); 1], String) {
    ([(CONTENT_TYPE, "application/json")], control::openrpc(&api).to_string())
}

/// Takes connections until the server stops, and no more than so many at once.
async fn accept(listener: TcpListener, router: Router, stop: StopHandle) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.clone().shutdown() => return,
        };
        let Ok((stream, remote)) = accepted else {
            tokio::time::sleep(ACCEPT_RETRY).await;
            continue;
        };
        let Ok(local) = stream.local_addr() else { continue };
        let connection = serve_connection(stream, Ends { remote, local }, router.clone(), stop.clone());
        tokio::spawn(async move {
            connection.await;
            drop(place);
        });
    }
}

async fn serve_connection(stream: TcpStream, ends: Ends, router: Router, stop: StopHandle) {
    // Small answers should leave at once; where the system cannot do that they leave a little later.
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |mut request: Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ends);
        router.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_TIME_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.shutdown() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(remote = %ends.remote, %error, "an RPC connection ended early");
    }
}
