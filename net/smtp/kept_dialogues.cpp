#include "net/smtp/kept_dialogues.hpp"

#include <utility>

namespace mtasts {
namespace {

std::size_t octets_of(const SmtpReply& reply) noexcept {
  std::size_t octets = sizeof reply;
  for (const std::string& line : reply.lines) octets += sizeof line + line.size();
  return octets;
}

std::size_t octets_of(const SmtpDialogue& dialogue) noexcept {
  std::size_t octets = sizeof dialogue + dialogue.detail.size();
  for (const SmtpReply* reply :
       {&dialogue.greeting, &dialogue.ehlo, &dialogue.starttls, &dialogue.ehlo_in_tls, &dialogue.helo})
    octets += octets_of(*reply);
  if (!dialogue.tls) return octets;
  for (const std::string& certificate : dialogue.tls->chain)
    octets += sizeof certificate + certificate.size();
  return octets;
}

}  // namespace

KeptDialogues::Found KeptDialogues::find(const Key& key) {
  auto [at, is_new] = entries_.try_emplace(key);
  if (is_new) at->second = std::make_shared<Entry>(executor_);
  return {at->second, is_new};
}

void KeptDialogues::finish(const Key& key, SmtpDialogue dialogue) {
  auto at = entries_.find(key);
  if (at == entries_.end() || at->second->dialogue) return;
  auto entry = at->second;
  if (dialogue.trouble == SmtpTrouble::local) {
    entries_.erase(at);
  } else {
    octets_ += octets_of(dialogue);
    finished_.push_back(key);
  }
  entry->dialogue = std::move(dialogue);
  entry->done.cancel();
  while (octets_ > limit_) {
    auto oldest = entries_.find(finished_.front());
    octets_ -= octets_of(*oldest->second->dialogue);
    entries_.erase(oldest);
    finished_.pop_front();
  }
}

}  // namespace mtasts
