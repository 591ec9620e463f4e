{
  "millrace": 1,
  "topology": "shop",
  "stages": {}
}
