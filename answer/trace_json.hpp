// trace_json - what was asked of the network, as JSON: for the `json` map and mtastsctl explain.
#pragma once

#include <boost/json/array.hpp>
#include <string>

#include "lookup/trace.hpp"

namespace mtasts {

// [{"kind":"dns","name","type","security","validated","result","ttl","canonical","data":[…],"reason","ms"},
//  {"kind":"https","url","status","content_type","body","step","detail","ms"}…]; data in presentation form,
//  and null
// for what an exchange did not come to. Text of peers is printable ASCII, but for a body that is UTF-8.
boost::json::array trace_json(const Trace& trace);

// "https://mta-sts.example.com/.well-known/mta-sts.txt"
std::string policy_url(const DomainName& domain);

}  // namespace mtasts
