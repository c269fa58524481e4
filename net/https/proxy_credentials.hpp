// proxy_credentials - the file of [https] proxy_credentials_file: one line "user:password" (RFC 7617).
//
// It must be a regular file that only its owner may write, and that only its owner and perhaps its group may
// read. systemd's LoadCredential= makes such files. No message shows any of the content.
#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"

namespace mtasts {

// Reads the file and returns the value of Proxy-Authorization, "Basic dXNlcjpwYXNzd29yZA==", which is a
// secret. Fault::config: the file can't be used; detail says what to do.
Result<std::string> read_proxy_credentials(const std::string& path);

// The same from the text of the file. path: for messages.
Result<std::string> proxy_authorization(std::string_view text, const std::string& path);

}  // namespace mtasts
