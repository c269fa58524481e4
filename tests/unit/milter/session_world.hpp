// session_world - a Session whose mtastsd is a table, and what the session reported.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "milter/session.hpp"

namespace mtasts::test {

inline NextHopDecision decided(Verdict verdict, std::string domain, std::string reason = "because") {
  return {verdict, std::move(domain), std::move(reason)};
}

class TableAsker : public Asker {
 public:
  std::map<std::string, PolicyAnswer, std::less<>> answers;  // by next hop; others are not known
  std::vector<std::string> prefetched, asked, asked_cached;
  std::chrono::milliseconds each{}, all{};  // of the last ask()

  void prefetch(std::string_view next_hop) override { prefetched.emplace_back(next_hop); }

  std::vector<PolicyAnswer> ask(std::span<const std::string> next_hops, std::chrono::milliseconds for_each,
                                std::chrono::milliseconds for_all) override {
    asked.insert(asked.end(), next_hops.begin(), next_hops.end());
    each = for_each;
    all = for_all;
    return look_up(next_hops);
  }

  std::vector<PolicyAnswer> ask_cached(std::span<const std::string> next_hops,
                                       std::chrono::milliseconds) override {
    asked_cached.insert(asked_cached.end(), next_hops.begin(), next_hops.end());
    return look_up(next_hops);
  }

 private:
  std::vector<PolicyAnswer> look_up(std::span<const std::string> next_hops) const {
    std::vector<PolicyAnswer> found;
    for (const std::string& each_hop : next_hops) {
      auto answer = answers.find(each_hop);
      found.push_back(answer == answers.end() ? fail(Fault::timeout, "no answer in time") : answer->second);
    }
    return found;
  }
};

struct SessionWorld {
  TableAsker asker;
  MilterConfig config;
  std::vector<MessageReport> reports;
  std::unique_ptr<Session> session;

  SessionWorld() {
    asker.answers.emplace("good.example", decided(Verdict::secure, "good.example", "enforce policy"));
    asker.answers.emplace("bare.example", decided(Verdict::not_found, "bare.example", "no MTA-STS record"));
    asker.answers.emplace("bogus.example", decided(Verdict::temp, "bogus.example", "DNSSEC bogus"));
  }

  // Begins a message; the session is made with the configuration as it is now.
  void mail(std::string_view path, std::vector<std::string_view> parameters = {},
            std::string_view user = {}) {
    if (!session)
      session = std::make_unique<Session>(std::make_shared<const MilterConfig>(config), asker,
                                          [this](const MessageReport& each) { reports.push_back(each); });
    session->mail(path, parameters, {user});
  }

  // A recipient that comes by smtpd(8), for transport smtp.
  std::optional<Refusal> rcpt(std::string_view domain, std::string_view transport = "smtp") {
    return session->recipient("<user@" + std::string(domain) + ">", {domain, transport});
  }

  // One that comes by sendmail(1).
  std::optional<Refusal> rcpt_local(std::string_view path) { return session->recipient(path, {}); }

  EndOfMessage end() { return session->end("4ABC"); }
};

inline AddressPattern pattern(AddressPattern::Kind kind, std::string domain, std::string local = {}) {
  return {kind, std::move(local), std::move(domain)};
}

}  // namespace mtasts::test
