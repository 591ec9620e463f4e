stages:
  orders:
    source: file
