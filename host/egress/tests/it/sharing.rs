//! Who shares a connection: an adapter with itself, and nobody else.

use crate::{
    house::{House, get, send},
    outside::{Server, ok},
};

#[tokio::test]
async fn an_adapter_keeps_its_connection_and_shares_it_with_its_next_generation() {
    let server = Server::answering(|_| ok("")).await;
    let house = House::to(&server);
    let egress = house.egress();
    for _ in 0..3 {
        send(&house.outlet_of(&egress, "acme", "crm"), get(&server.url("/"))).await.unwrap();
    }
    assert_eq!((server.connections(), server.requests().len()), (1, 3));
}

#[tokio::test]
async fn two_tenants_and_two_adapters_never_share_a_connection() {
    let server = Server::answering(|_| ok("")).await;
    let house = House::to(&server);
    let egress = house.egress();
    for (tenant, adapter) in [("acme", "crm"), ("other", "crm"), ("acme", "desk"), ("acme", "crm")] {
        send(&house.outlet_of(&egress, tenant, adapter), get(&server.url("/"))).await.unwrap();
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_grant_of_other_addresses_begins_with_new_connections() {
    let server = Server::answering(|_| ok("")).await;
    let (mut house, egress) = (House::to(&server), House::to(&server).egress());
    send(&house.outlet_of(&egress, "acme", "crm"), get(&server.url("/"))).await.unwrap();
    house.grants[0].addresses.push("10.0.0.0/8".parse().unwrap());
    send(&house.outlet_of(&egress, "acme", "crm"), get(&server.url("/"))).await.unwrap();
    assert_eq!(server.connections(), 2);
    house.grants[0].addresses.clear();
    crate::house::denied(send(&house.outlet_of(&egress, "acme", "crm"), get(&server.url("/"))).await);
}
