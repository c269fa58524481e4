// connection - one socketmap client from accept to close (SM-1 to SM-14).
//
// Replies come in the order of the requests, one each. A reply that would be late is not sent: the connection
// is closed, and Postfix asks again on a new one (SM-12 to SM-14). So is one whose bytes are no netstring.
// While a request waits for a flight, or a reply for its client to read, nothing more is read.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "postfix-policy/answerer.hpp"
#include "service/peers.hpp"
#include "sys/fd.hpp"
#include "sys/poll_loop.hpp"

namespace mtasts {

class AnswerLoop;

// For its loop's thread alone. It ends by AnswerLoop::close(), which it calls itself when the client has
// closed or broken the protocol.
class Connection final : public PollLoop::Watched {
 public:
  using List = std::list<std::unique_ptr<Connection>>;

  Connection(Fd socket, Peers::Token peer, AnswerLoop& loop) noexcept;
  bool watch() noexcept;  // first of all; false: out of memory

  void ready() override;
  bool in_request() const noexcept { return in_request_; }  // a whole request is being answered
  bool idle_for(std::uint32_t ticks) const noexcept;        // a wait for a flight is not idle, however long
  // Nothing of the client's is in hand: no question waits for its reply, not even one that was not read yet,
  // but for half of one, or a reply that the client does not take, for more than five seconds.
  bool may_make_room() const noexcept;
  bool shut() noexcept;    // false: it was already
  List* among = nullptr;   // where the loop keeps it
  List::iterator place{};  // and its place there

 private:
  enum class After {
    next,
    stop
  };  // what is next: the next request, or nothing before ready() is called again
  struct Flight;

  void read();
  void answer_all(std::string_view input);
  After answer(std::string_view payload);
  void keep(std::string_view input);
  void ask(Miss miss);
  void finish(OutcomePtr outcome);
  std::string& begin_reply();
  After send();
  void send_rest();
  After end_request();
  After close();

  Fd socket_;
  Peers::Token peer_;
  AnswerLoop& loop_;
  std::string unread_, unsent_;     // the rest of the input behind a request; of a reply
  std::shared_ptr<Flight> flight_;  // that is waited for
  PollLoop::Moment answer_by_{};    // a later reply would be taken for another's (SM-14)
  std::uint32_t last_tick_ = 0;
  std::uint32_t unread_since_ = 0;  // while there is half a request: when it began
  bool in_request_ = false;
};

}  // namespace mtasts
