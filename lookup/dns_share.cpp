#include "lookup/dns_share.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <unordered_map>

namespace mtasts {

namespace asio = boost::asio;

namespace {

DnsAnswer failed(const char* reason) {
  DnsAnswer answer;
  answer.reason = reason;
  return answer;
}

constexpr std::chrono::milliseconds crowd_pause{100};  // before checking again whether there is room
constexpr std::chrono::milliseconds long_wait{2000};   // a question that fails after so long has hung

constexpr char given_up[] = "the question was given up", internal_error[] = "internal error";

// A question that is under way. Its asker waits on the timer. Whoever sets the answer cancels the timer.
struct PendingQuestion {
  explicit PendingQuestion(const asio::any_io_executor& executor)
      : changed(executor, asio::steady_timer::time_point::max()) {}
  asio::steady_timer changed;
  asio::cancellation_signal cancel;  // of what was sent
  bool may_go = false, hung = false;
  std::optional<DnsAnswer> answer;
};

}  // namespace

struct DnsShares::State : std::enable_shared_from_this<DnsShares::State> {
  State(asio::any_io_executor executor_, DnsTurns::Limits limits_)
      : executor(std::move(executor_)), turns(limits_), limits(limits_), again(executor) {}

  asio::any_io_executor executor;
  DnsTurns turns;
  DnsTurns::Limits limits;
  std::unordered_map<DnsTurns::QuestionId, std::shared_ptr<PendingQuestion>> asked{};
  // The Dns that was asked last. All flights use the same libunbound, except after a reload.
  std::weak_ptr<Dns> latest{};
  asio::steady_timer again;
  bool trying = false;

  bool crowded() const {
    auto dns = latest.lock();
    return dns && dns->busy();
  }

  void send() {
    while (auto next = turns.next(crowded())) {
      PendingQuestion& question = *asked.at(*next);
      question.may_go = true;
      question.changed.cancel();
    }
    if (turns.waiting() > 0 && crowded()) try_again();
  }

  // Nobody tells us when a question ends that its asker has given up, so try again after a pause.
  void try_again() {
    if (trying) return;
    trying = true;
    again.expires_after(crowd_pause);
    again.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
      auto self = weak.lock();
      if (!self || cancelled) return;
      self->trying = false;
      self->send();
    });
  }
};

struct DnsShare::Flight {
  std::shared_ptr<DnsShares::State> shares;
  DnsTurns::FlightId id;
  std::unordered_map<DnsTurns::QuestionId, std::shared_ptr<PendingQuestion>> asked{};
  std::string shortage{};
  bool closed = false;
};

namespace {

// A question's entry in DnsTurns, removed however the coroutine ends.
template <class Flight>
class QueuedQuestion {
 public:
  QueuedQuestion(std::shared_ptr<Flight> flight, std::shared_ptr<PendingQuestion> asked)
      : flight_(std::move(flight)), asked_(asked), number_(flight_->shares->turns.ask(flight_->id)) {
    flight_->shares->asked.emplace(number_, asked);
    flight_->asked.emplace(number_, std::move(asked));
    flight_->shares->send();
  }
  ~QueuedQuestion() {
    flight_->asked.erase(number_);
    flight_->shares->asked.erase(number_);
    flight_->shares->turns.done(number_, asked_->hung);
    flight_->shares->send();
  }
  QueuedQuestion(const QueuedQuestion&) = delete;
  QueuedQuestion& operator=(const QueuedQuestion&) = delete;

 private:
  std::shared_ptr<Flight> flight_;
  std::shared_ptr<PendingQuestion> asked_;
  DnsTurns::QuestionId number_;
};

// The question keeps dns alive, because it may go on a little after its asker has gone.
void send(const asio::any_io_executor& executor, std::shared_ptr<Dns> dns, std::string name, RrType type,
          const std::shared_ptr<PendingQuestion>& asked) {
  auto question = dns->ask(std::move(name), type);
  auto done = [asked, dns = std::move(dns)](std::exception_ptr error, DnsAnswer answer) {
    if (asked->answer) return;  // already given up
    asked->answer = error ? failed(internal_error) : std::move(answer);
    asked->changed.cancel();
  };
  asio::co_spawn(executor, std::move(question),
                 asio::bind_cancellation_slot(asked->cancel.slot(), std::move(done)));
}

asio::awaitable<void> wait_for_change(PendingQuestion& asked) {
  co_await asked.changed.async_wait(asio::as_tuple(asio::use_awaitable));
}

template <class Flight>
asio::awaitable<DnsAnswer> ask_in_turn(std::shared_ptr<Flight> flight, std::shared_ptr<Dns> dns,
                                       std::string name, RrType type) {
  if (flight->closed) co_return failed(given_up);
  auto asked = std::make_shared<PendingQuestion>(flight->shares->executor);
  flight->shares->latest = dns;
  QueuedQuestion<Flight> place(flight, asked);
  while (!asked->may_go && !asked->answer) co_await wait_for_change(*asked);
  auto sent = std::chrono::steady_clock::now();
  if (!asked->answer) send(flight->shares->executor, std::move(dns), std::move(name), type, asked);
  while (!asked->answer) co_await wait_for_change(*asked);
  asked->hung =
      asked->answer->kind == DnsAnswer::Kind::failed && std::chrono::steady_clock::now() - sent >= long_wait;
  if (asked->answer->local) flight->shortage = asked->answer->reason;
  co_return *std::move(asked->answer);
}

}  // namespace

DnsShares::DnsShares(asio::any_io_executor executor, DnsTurns::Limits limits)
    : state_(std::make_shared<State>(std::move(executor), limits)) {}

DnsShare::DnsShare(const DnsShares& shares)
    : flight_(std::make_shared<Flight>(Flight{shares.state_, shares.state_->turns.add()})) {}

DnsShare::~DnsShare() { close(); }

asio::awaitable<DnsAnswer> DnsShare::ask(std::shared_ptr<Dns> dns, std::string name, RrType type) {
  return ask_in_turn(flight_, std::move(dns), std::move(name), type);
}

bool DnsShare::busy() const noexcept {
  return flight_->shares->turns.shared_in_use() > flight_->shares->limits.shared / 2;
}

bool DnsShare::waits() const noexcept {
  return !flight_->closed && flight_->shares->turns.waits(flight_->id);
}

const std::string& DnsShare::shortage() const noexcept { return flight_->shortage; }

void DnsShare::give_up_own() {
  if (flight_->closed) return;
  flight_->shares->turns.give_up_own(flight_->id);
  flight_->shares->send();
}

void DnsShare::close() {
  if (std::exchange(flight_->closed, true)) return;
  auto& shares = *flight_->shares;
  for (auto& [number, asked] : std::exchange(flight_->asked, {})) {
    shares.asked.erase(number);
    if (!asked->answer) asked->answer = failed(given_up);
    asked->changed.cancel();
    asked->cancel.emit(asio::cancellation_type::terminal);
  }
  shares.turns.remove(flight_->id);
  shares.send();
}

}  // namespace mtasts
