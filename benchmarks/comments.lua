-- Sends the lines of a file as JSON bodies, one after another; prints what wrk measured as JSON.
local bodies, last = {}, 0

function init(arguments)
   for line in io.lines(arguments[1]) do
      bodies[#bodies + 1] = line
   end
   last = math.random(#bodies)
end

function request()
   last = last % #bodies + 1
   return wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, bodies[last])
end

function done(summary, latency)
   local errors = summary.errors
   local failed = errors.connect + errors.read + errors.write + errors.timeout
   io.write(string.format(
      '{"requests": %d, "seconds": %.3f, "refused": %d, "failed": %d, "p50": %.2f, "p95": %.2f, "p99": %.2f}\n',
      summary.requests, summary.duration / 1e6, errors.status, failed,
      latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3
   ))
end
