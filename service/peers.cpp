#include "service/peers.hpp"

#include <pwd.h>
#include <sys/socket.h>

#include <array>

namespace mtasts {

std::optional<uid_t> peer_of(int descriptor) noexcept {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || who.pid == 0)
    return std::nullopt;
  return who.uid;
}

std::optional<uid_t> postfix_user() {
  std::array<char, 4096> buffer;
  passwd entry{}, *found = nullptr;
  if (::getpwnam_r("postfix", &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return std::nullopt;
  return entry.pw_uid;
}

Peers::Token Peers::add(std::optional<uid_t> user) {
  if (!user) return Token(of_nobody_);
  auto& count = counts_[*user];
  if (!count) count = std::make_shared<std::atomic<std::size_t>>(0);
  return Token(count);
}

std::size_t Peers::held(std::optional<uid_t> user) const {
  if (!user) return of_nobody_->load();
  auto found = counts_.find(*user);
  return found == counts_.end() ? 0 : found->second->load();
}

}  // namespace mtasts
