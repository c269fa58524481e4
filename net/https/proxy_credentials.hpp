// proxy_credentials - the file of [https] proxy_credentials_file: one line "user:password" (RFC 7617).
//
// It must be a regular file that only its owner, and perhaps its group, may read: so is what systemd's
// LoadCredential= makes. No message has any of what is in it.
#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"

namespace mtasts {

// The value of Proxy-Authorization: "Basic dXNlcjpwYXNzd29yZA==". A secret. Fault::config with the remedy.
Result<std::string> read_proxy_credentials(const std::string& path);

// The same of the file's text; path is for the message.
Result<std::string> proxy_authorization(std::string_view text, const std::string& path);

}  // namespace mtasts
