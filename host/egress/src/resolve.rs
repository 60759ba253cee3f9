//! Names to addresses, once for each connection: what was looked up is checked, and what was checked is connected to,
//! so that a name that answers otherwise the second time has no second time.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::may_be_called;

/// Looks up names. The machine's own is [`SystemResolver`].
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// All addresses of `host`, best first. Whether they may be called is not its business.
    ///
    /// # Errors
    /// When there is no answer, or the answer is that there is no such name.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// What the machine is set up to ask: its hosts file, its name servers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

/// Hands out only addresses that may be called.
pub(crate) struct Guard {
    pub(crate) resolver: Arc<dyn Resolver>,
    /// None: the name is the operator's own proxy.
    pub(crate) granted: Option<Arc<[IpNet]>>,
}

/// A name has addresses, and none of them may be called.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("it has no public address, and none that the grant's `addresses` hold")]
pub(crate) struct NoneAllowed;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

// === impl Guard ===

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, granted) = (Arc::clone(&self.resolver), self.granted.clone());
        Box::pin(async move {
            let mut found = resolver.resolve(name.as_str()).await?;
            let any = !found.is_empty();
            if let Some(granted) = granted {
                found.retain(|address| may_be_called(*address, &granted));
            }
            if found.is_empty() && any {
                return Err(NoneAllowed.into());
            }
            // The port is the URL's.
            let addresses: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says(Vec<IpAddr>);

    #[async_trait]
    impl Resolver for Says {
        async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            Ok(self.0.clone())
        }
    }

    async fn guarded(addresses: &[&str], granted: Option<&[&str]>) -> Option<Vec<String>> {
        let says = Says(addresses.iter().map(|address| address.parse().unwrap()).collect());
        let granted = granted.map(|nets| nets.iter().map(|net| net.parse().unwrap()).collect());
        let guard = Guard { resolver: Arc::new(says), granted };
        let answer = guard.resolve("crm.example.org".parse().unwrap()).await;
        match answer {
            Ok(addresses) => Some(addresses.map(|address| address.ip().to_string()).collect()),
            Err(error) => {
                assert!(error.is::<NoneAllowed>(), "{error}");
                None
            }
        }
    }

    #[tokio::test]
    async fn of_several_addresses_only_those_that_may_be_called_are_handed_out() {
        let mixed = ["127.0.0.1", "8.8.8.8", "::ffff:10.0.0.1", "10.0.0.1"];
        assert_eq!(guarded(&mixed, Some(&[])).await.unwrap(), ["8.8.8.8"]);
        assert_eq!(guarded(&mixed, Some(&["10.0.0.0/8"])).await.unwrap(), ["8.8.8.8", "10.0.0.1"]);
        assert_eq!(guarded(&["169.254.169.254", "fd00:ec2::254"], Some(&[])).await, None);
    }

    #[tokio::test]
    async fn the_operators_own_proxy_may_be_anywhere() {
        assert_eq!(guarded(&["10.0.0.1"], None).await.unwrap(), ["10.0.0.1"]);
    }
}
