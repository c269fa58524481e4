// trace_json - a trace as JSON, for the `json` map and `mtastsctl explain`.
#pragma once

#include <boost/json/array.hpp>
#include <string>

#include "lookup/trace.hpp"

namespace mtasts {

// An array of steps. A DNS step:
//
// {"kind":"dns","name","type","security","validated","result","ttl","canonical","data":[…],"reason","ms"}
//
// An HTTPS step:
//
// {"kind":"https","url","status","content_type","body","step","detail","ms"}
//
// A check has two more. An SMTP dialogue, in which "tls" is {"version","cipher","untrusted"} or null and each
// reply is {"code","lines":[…]}; and a policy host asked at one address:
//
// {"kind":"smtp","host","address","port","reached","trouble","detail","greeting","ehlo","starttls",
//  "ehlo_in_tls","tls","ms"}
// {"kind":"policy-host","url","address","status","step","detail","untrusted","ms"}
//
// "untrusted" says why the chain is not trusted, and is empty if it is or if there is none. "data" is in
// presentation form. What an exchange did not get to is null. Text from peers is made printable ASCII, except
// a body that is valid UTF-8.
boost::json::array trace_json(const Trace& trace);

// "https://mta-sts.example.com/.well-known/mta-sts.txt" for example.com (RFC 8461 §3.3).
std::string policy_url(const DomainName& domain);

}  // namespace mtasts
