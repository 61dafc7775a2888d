"""Files of predictions, from any model: layouts and formats to a stream of batches."""
