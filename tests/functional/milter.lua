-- A script for Debian's miltertest: -D socket=SOCKET -D script=requiretls, header or plain.

local conn

local function check(wrong, what)
  if wrong ~= nil then error(what .. ": " .. wrong, 0) end
end

local function expect(reply, what)
  local got = mt.getreply(conn)
  if got ~= reply then error(what .. ": the reply is " .. string.char(got) .. ", not " .. string.char(reply), 0) end
end

-- miltertest refuses to send what the filter does not want.
local function wanted(option)
  return not mt.test_option(conn, option)
end

local function connect()
  conn = mt.connect(socket)
  if conn == nil then error("can't connect to " .. socket, 0) end
  check(mt.negotiate(conn, nil, nil, nil), "negotiate")
  if wanted(SMFIP_NOCONNECT) then check(mt.conninfo(conn, "client.example", "192.0.2.1"), "conninfo") end
  if wanted(SMFIP_NOHELO) then check(mt.helo(conn, "client.example"), "helo") end
end

local function envelope(domain, ...)
  check(mt.mailfrom(conn, "<alice@sender.example>", ...), "mailfrom")
  expect(SMFIR_CONTINUE, "MAIL")
  mt.macro(conn, SMFIC_RCPT, "i", "4LUA", "{rcpt_host}", domain, "{rcpt_mailer}", "smtp")
  check(mt.rcptto(conn, "<bob@" .. domain .. ">"), "rcptto")
end

local function content(...)
  if wanted(SMFIP_NODATA) then check(mt.data(conn), "data") end
  check(mt.header(conn, "Subject", "test"), "header")
  if ... then check(mt.header(conn, ...), "header") end
  if wanted(SMFIP_NOEOH) then check(mt.eoh(conn), "eoh") end
  if wanted(SMFIP_NOBODY) then check(mt.bodystring(conn, "text\r\n"), "body") end
  check(mt.eom(conn), "eom")
end

local scripts = {}

function scripts.requiretls()
  envelope("plain.example", "REQUIRETLS")
  expect(SMFIR_REPLYCODE, "RCPT")
  return "refused at RCPT"
end

function scripts.header()
  envelope("plain.example")
  expect(SMFIR_CONTINUE, "RCPT")
  content("Require-TLS-ESMTP", "yes")
  expect(SMFIR_REPLYCODE, "end of message")
  return "refused at the end"
end

function scripts.plain()
  envelope("plain.example")
  expect(SMFIR_CONTINUE, "RCPT")
  content()
  expect(SMFIR_CONTINUE, "end of message")
  return "accepted"
end

local done, words = pcall(function()
  connect()
  return scripts[script]()
end)
mt.echo(words)          -- of an error too, because miltertest itself does not print it
if done then mt.disconnect(conn) else error(words) end
