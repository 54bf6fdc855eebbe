-- SPDX-License-Identifier: BSD-3-Clause
-- rfc2544.lua - the highest rate without loss (RFC 2544 section 26.1), by halving, for each size
-- and direction. On a machine that is not wholly yours allow some loss: tolerance.

package.path = package.path .. ";conf/pktgen/?.lua;?.lua"
require "Pktgen"
local common = require "common"

local ms = 10000       -- one trial; section 24 asks for 60 s for the one that counts
local confirm_ms = 60000 -- 0: leave that one out
local tolerance = 0    -- share of the packets that may be lost
local steps = 8        -- halvings: to 0.4 % of the port's speed
local file = io.open("rfc2544.txt", "w")

local function lossless(port, size, rate, time)
	local sent, got, seconds = common.trial(port, size, rate, time)

	return sent > 0 and sent - got <= sent * tolerance, got / seconds
end

local function search(port, size)
	local low, high, pps = 0, 100, 0

	for _ = 1, steps do
		local middle = (low + high) / 2
		local good, rate = lossless(port, size, middle, ms)

		if good then
			low, pps = middle, rate
		else
			high = middle
		end
	end
	if confirm_ms > 0 and low > 0 then
		local good = lossless(port, size, low, confirm_ms)

		return pps, good and "confirmed" or "lost packets in the long trial"
	end
	return pps, "not confirmed"
end

common.setup()
pktgen.delay(2000)
file:write("direction      frame     Mpps   Mbit/s\n")
for _, port in ipairs({ "0", "1" }) do
	for _, size in ipairs(common.sizes) do
		local pps, note = search(port, size)

		file:write(string.format("%-14s %5d %8.3f %8.0f  %s\n",
			port == "0" and "site to cloud" or "cloud to site", size, pps / 1e6,
			pps * (size - 18) * 8 / 1e6, note))
		file:flush()
	end
end
file:close()
pktgen.quit()
