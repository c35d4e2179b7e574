"""Files of points: what each format holds, which columns are meant, and the first thing wrong with them."""
