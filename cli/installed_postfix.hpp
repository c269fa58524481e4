// installed_postfix - which Postfix this host has.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace mtasts {

// What "postconf -dh mail_version" prints, such as "3.7.11". nullopt: there is no such program, it does not
// answer within the limit, or what it prints is not a version. Blocks for that long.
std::optional<std::string> installed_postfix(const std::string& postconf = "/usr/sbin/postconf",
                                             std::chrono::milliseconds limit = std::chrono::seconds(2));

}  // namespace mtasts
