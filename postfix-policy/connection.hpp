// connection - one socketmap client from accept to close (SM-1 to SM-14).
//
// Replies come in the order of the requests, one each. A reply that would be late is not sent: the connection
// is closed, and Postfix asks again on a new one (SM-12 to SM-14). So is one whose bytes are no netstring.
#pragma once

#include "postfix-policy/answer_loop.hpp"

namespace mtasts {

// Ends when the client closes, breaks the protocol, is idle too long, or the loop drains. Never throws.
boost::asio::awaitable<void, LoopExecutor> serve(Socket socket, AnswerLoop& loop);

}  // namespace mtasts
