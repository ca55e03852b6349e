-- wrk's script: sends the requests of a file in turn, each thread from a place of its own, and tells the end as JSON.
-- A line of the file: method, path, cookie, htmx ("1" or nothing), body; tabs between them.
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  made, at = {}, 0
  for line in io.lines(args[1]) do
    local method, path, cookie, htmx, body = line:match("([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)")
    local headers = {["Sec-Fetch-Site"] = "same-origin", ["Accept-Encoding"] = "gzip"}
    if cookie ~= "" then headers["Cookie"] = cookie end
    if htmx ~= "" then headers["HX-Request"], headers["HX-Request-Type"] = "true", "partial" end
    if method == "POST" then headers["Content-Type"] = "application/x-www-form-urlencoded" end
    made[#made + 1] = wrk.format(method, path, headers, method == "POST" and body or nil)
  end
  at = math.floor(#made / tonumber(args[2]) * number)
end

function request()
  at = at % #made + 1
  return made[at]
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "bytes": %d, "lost": %d, "refused": %d, "p50": %f, "p95": %f, "p99": %f}\n',
    summary.requests, summary.duration, summary.bytes, e.connect + e.read + e.write + e.timeout, e.status,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000))
end
