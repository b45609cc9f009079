"""ForecastBench: its question and resolution sets in, forecast sets out, and everything back again."""
