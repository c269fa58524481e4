// connection - one socketmap client from accept to close (SM-1 to SM-14).
//
// Each request gets one reply, in the order of the requests. A reply that would be late is not sent: the
// connection is closed instead, and Postfix asks again on a new one (SM-12 to SM-14). A connection that sends
// anything but netstrings is closed too. Nothing more is read while a request waits for a flight, or while a
// reply waits for the client to read it.
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

// Used by its loop's thread only. AnswerLoop::close() ends it; it calls that itself when the client closes
// the connection or breaks the protocol.
class Connection final : public PollLoop::Watched {
 public:
  using List = std::list<std::unique_ptr<Connection>>;

  Connection(Fd socket, Peers::Token peer, AnswerLoop& loop) noexcept;
  bool watch() noexcept;  // begins to read; call it first. False: out of memory

  void ready() override;
  bool in_request() const noexcept { return in_request_; }  // a whole request is being answered
  bool idle_for(std::uint32_t ticks) const noexcept;        // false while it waits for a flight
  // True if it may be closed to make room: no request waits for its reply, not even one that has not been
  // read yet. A request that stays incomplete for more than five seconds does not count, nor a reply that the
  // client does not read for so long.
  bool may_make_room() const noexcept;
  bool shut() noexcept;    // closes the socket; false if it was closed already
  List* among = nullptr;   // the loop's list that it is in
  List::iterator place{};  // its position in that list

 private:
  enum class After {
    next,
    stop
  };  // what to do after a request: answer the next one, or wait until ready() is called again
  struct Flight;

  void read();
  void answer_all(std::string_view input);
  After answer(std::string_view payload);
  void keep(std::string_view input);
  void ask(Miss miss);
  void finish(LookupOutcomePtr outcome);
  std::string& begin_reply();
  After send();
  void send_rest();
  After end_request();
  After close();

  Fd socket_;
  Peers::Token peer_;
  AnswerLoop& loop_;
  std::string unread_, unsent_;     // input after the last whole request; the rest of a reply
  std::shared_ptr<Flight> flight_;  // the flight that it waits for, or nullptr
  PollLoop::Moment answer_by_{};    // a later reply would be taken for that to another request (SM-14)
  std::uint32_t last_tick_ = 0;
  std::uint32_t unread_since_ = 0;  // the tick at which an incomplete request began
  bool in_request_ = false;
};

}  // namespace mtasts
