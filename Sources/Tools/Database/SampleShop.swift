/// A shop that sells what bird watchers want, in 2025: small enough to look through, large enough to ask things of.
enum SampleShop {
    static let tables: Set<String> = ["customers", "products", "orders", "order_items"]

    /// What the model is told.
    static let summary = """
        customers(id, name, email, city, country, joined_on)
        products(id, name, category, price_cents, stock)
        orders(id, customer_id, ordered_on, status: paid | shipped | delivered | returned)
        order_items(order_id, product_id, quantity, unit_price_cents)
        Dates are text such as 2025-03-14; money is in euro cents.
        """

    /// Builds it. The orders come from a formula: the same ones on every machine.
    static let script = """
        CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, city TEXT NOT NULL,
            country TEXT NOT NULL, joined_on TEXT NOT NULL);
        CREATE TABLE products(id INTEGER PRIMARY KEY, name TEXT NOT NULL, category TEXT NOT NULL,
            price_cents INTEGER NOT NULL, stock INTEGER NOT NULL);
        CREATE TABLE orders(id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id),
            ordered_on TEXT NOT NULL, status TEXT NOT NULL);
        CREATE TABLE order_items(order_id INTEGER NOT NULL REFERENCES orders(id),
            product_id INTEGER NOT NULL REFERENCES products(id), quantity INTEGER NOT NULL,
            unit_price_cents INTEGER NOT NULL, PRIMARY KEY(order_id, product_id));
        INSERT INTO customers VALUES
            (1, 'Ada Lindgren', 'ada@example.com', 'Uppsala', 'Sweden', '2023-02-11'),
            (2, 'Bruno Keller', 'bruno@example.com', 'Berlin', 'Germany', '2023-03-02'),
            (3, 'Chiara Conti', 'chiara@example.com', 'Bologna', 'Italy', '2023-05-19'),
            (4, 'Dmitri Orlov', 'dmitri@example.com', 'Tallinn', 'Estonia', '2023-06-30'),
            (5, 'Elif Demir', 'elif@example.com', 'Izmir', 'Turkey', '2023-08-08'),
            (6, 'Finn O''Brien', 'finn@example.com', 'Cork', 'Ireland', '2023-09-21'),
            (7, 'Greta Maier', 'greta@example.com', 'Munich', 'Germany', '2023-11-05'),
            (8, 'Hugo Martin', 'hugo@example.com', 'Lyon', 'France', '2024-01-17'),
            (9, 'Ines Carvalho', 'ines@example.com', 'Porto', 'Portugal', '2024-02-29'),
            (10, 'Jonas Vogel', 'jonas@example.com', 'Hamburg', 'Germany', '2024-04-12'),
            (11, 'Katarzyna Nowak', 'kasia@example.com', 'Gdańsk', 'Poland', '2024-06-03'),
            (12, 'Lucas Dubois', 'lucas@example.com', 'Lille', 'France', '2024-07-25'),
            (13, 'Maja Horvat', 'maja@example.com', 'Zagreb', 'Croatia', '2024-10-09'),
            (14, 'Nils Berg', 'nils@example.com', 'Bergen', 'Norway', '2025-01-28'),
            (15, 'Olivia Smith', 'olivia@example.com', 'Leeds', 'United Kingdom', '2025-05-14');
        INSERT INTO products VALUES
            (1, 'Binoculars 8x42', 'optics', 34900, 12), (2, 'Binoculars 10x42', 'optics', 41900, 7),
            (3, 'Spotting scope', 'optics', 89900, 3), (4, 'Tripod', 'optics', 15900, 9),
            (5, 'Field guide to Europe''s birds', 'books', 3450, 40), (6, 'Songbirds by ear', 'books', 2400, 25),
            (7, 'Notebook, waterproof', 'books', 1290, 80), (8, 'Nest box for tits', 'garden', 2990, 33),
            (9, 'Nest box for swifts', 'garden', 4990, 0), (10, 'Bird feeder', 'garden', 2490, 51),
            (11, 'Sunflower seeds, 5 kg', 'garden', 1690, 120), (12, 'Bird bath', 'garden', 5900, 6),
            (13, 'Rain jacket, olive', 'clothing', 12900, 14), (14, 'Wool hat', 'clothing', 2900, 60);
        INSERT INTO orders
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80)
            SELECT i, (i * i + 3 * i) % 15 + 1, date('2025-01-04', '+' || (i * 9 / 2) || ' days'),
                CASE WHEN i > 77 THEN 'paid' WHEN i > 74 THEN 'shipped' WHEN i % 19 = 0 THEN 'returned'
                ELSE 'delivered' END
            FROM n;
        INSERT INTO order_items
            SELECT orders.id, products.id, (orders.id + products.id) % 3 + 1, products.price_cents
            FROM orders JOIN products ON (orders.id * 5 + products.id * 7) % 9 = 0 OR products.id = orders.id % 14 + 1;
        """
}
