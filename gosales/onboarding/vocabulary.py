"""What columns of sales logs are called, in seven languages of trade.

Tables alone; how a header is held against them is in `words.py`. A strong word names one thing; a
weak one names several ("customer" may be a number or a name), so it needs the values to agree. A
decoy is a thing a log often has and GoSales does not map: naming it keeps it from being taken for
something else. A new word is a word in one of these tables.
"""

STRONG = {
    "customer_id": (
        "customerid custid customerno custno customernumber customernum customercode "
        "customerkey custkey clientid clientno clientcode clientnumber accountid accountno "
        "accountnumber companyid companyno companycode buyerid soldto soldtoparty soldtoid "
        "billtoid debtorno householdid memberid kundennummer kundennr kundenid kdnr kundnr "
        "debitor debitorennr debitorennummer numclient nclient noclient numeroclient idclient "
        "codeclient idcliente codigocliente codcliente numerocliente nocliente numerodocliente "
        "nrcliente clienteid codicecliente clientecodigo klantnummer klantnr klantid klantcode "
        "debiteurnr debiteurnummer"
    ),
    "customer_name": (
        "customername custname clientname accountname companyname buyername soldtoname "
        "kundenname kundename firma firmenname debitorenname nomclient nomduclient "
        "raisonsociale nombrecliente razonsocial nomecliente nomedocliente ragionesociale "
        "razaosocial klantnaam bedrijfsnaam"
    ),
    "order_date": (
        "orderdate invoicedate transactiondate transdate saledate salesdate salesdt "
        "purchasedate billingdate recdate orderedat ordereddate orderdt invoicedt docdate "
        "documentdate bestelldatum rechnungsdatum rechdatum auftragsdatum belegdatum "
        "verkaufsdatum datecommande datedecommande datefacture datefacturation datevente "
        "fechapedido fechafactura fechaventa datapedido datadopedido datavenda datadavenda "
        "datafatura dataemissao datadeemissao dataordine datafattura datavendita orderdatum "
        "besteldatum factuurdatum verkoopdatum"
    ),
    "recorded_at": (
        "posteddate postingdate posteddt postedat postedon posted createdat createdon "
        "createddate creationdate entrydate enteredat enteredon recordedat recordeddate "
        "recordedon loaddate loadedat bookingdate bookedon insertedat ingestedat buchungsdatum "
        "erfassungsdatum erfasstam angelegtam datesaisie datecomptable datecreation "
        "fecharegistro fechacontable"
    ),
    "invoice_id": (
        "invoice invoiceid invoiceno invoicenumber invoicenum invoicenr invno orderid orderno "
        "ordernumber ordernum ordernr salesorder salesorderno salesordernumber documentno "
        "documentnumber docno docnum documentid billno receiptno receiptid transactionid "
        "transactionno transid basketid voucherno rechnung rechnungsnummer rechnungsnr "
        "rechnungnr renr belegnummer belegnr auftrag auftragsnummer auftragsnr bestellnummer "
        "bestellnr facture numfacture numerofacture nofacture commande numcommande "
        "numerocommande factura numfactura numerofactura nofactura numpedido numeropedido "
        "notafiscal numeronota numerodanota nronota nfe numerodopedido nrpedido fatura "
        "numerofatura numfatura fattura numerofattura nfattura numeroordine factuur "
        "factuurnummer factuurnr ordernummer bestelnummer bonnummer"
    ),
    "sku": (
        "sku skuid skucode articleid articleno articlenumber articlecode itemid itemno "
        "itemnumber itemcode itemsku productid productno productnumber productcode productkey "
        "prodid partno partnumber partnum stockcode materialno materialnumber upc ean gtin "
        "artikelnummer artikelnr artnr artikelid materialnummer materialnr sachnummer "
        "codearticle refarticle referencearticle codeproduit idproducto codigoproducto "
        "codigoarticulo codproducto codproduto codigoproduto codigodoproduto idproduto "
        "referenciaproduto codicearticolo codarticolo codiceprodotto artikelcode productnummer "
        "refproduit itemnr productnr"
    ),
    "quantity": (
        "quantity qty qtysold quantitysold units unitssold qtyshipped qtyordered "
        "quantityordered orderqty orderquantity invoicedqty menge stueck stuck stk stueckzahl "
        "anzahl absatz quantite qte cantidad cant unidades quantidade qtd qtde quant quantita "
        "qta aantal hoeveelheid unitsordered itemsquantity"
    ),
    "revenue": (
        "revenue netrevenue sales netsales salesamount salesvalue netamount netvalue linetotal "
        "lineamount linevalue extendedprice extprice extamount extendedamount turnover umsatz "
        "nettoumsatz umsatznetto nettobetrag betragnetto nettowert nettowarenwert erlos erloes "
        "nettoerlos chiffreaffaires chiffredaffaires caht montantht totalht ventes importeneto "
        "ingresos ventanetas ventas receita faturamento receitaliquida valorliquido fatturato "
        "ricavo ricavi importonetto omzet nettoomzet totalrevenue totalsales"
    ),
    "gross_profit": (
        "grossprofit grossmargin gp gpamount grossprofitamount profit margin marginamount "
        "contributionmargin rohertrag rohgewinn deckungsbeitrag db db1 marge margebrute "
        "beneficio margen margenbruto gananciabruta totalprofit grossincome lucro lucrobruto "
        "margembruta margem margine utilelordo brutowinst marginelordo"
    ),
    "rep": (
        "rep salesrep salesperson salespersonname salesrepname repname repid salesrepid "
        "salesagent accountmanager accountexecutive accountowner seller vertreter verkaeufer "
        "verkaufer vertriebsmitarbeiter aussendienst betreuer kundenbetreuer commercial vendeur "
        "representant vendedor comercial vendedora representante venditore agente verkoper "
        "vertegenwoordiger"
    ),
    "branch": (
        "branch branchname branchid branchcode office salesoffice store storeid storename "
        "location shop filiale niederlassung standort geschaftsstelle agence succursale magasin "
        "sucursal tienda filial loja negozio vestiging winkel"
    ),
    "region": (
        "region regionname salesregion area salesarea gebiet vertriebsgebiet verkaufsgebiet "
        "zona salesterritory territory regiao regione regio"
    ),
    "currency": (
        "currency currencycode invoicecurrency currencyiso curr ccy transactioncurrency "
        "doccurrency wahrung waehrung wahrungscode devise moneda divisa moeda valuta"
    ),
    "conversion_rate": (
        "conversionrate exchangerate fxrate currencyrate kurs wechselkurs umrechnungskurs "
        "tauxchange tauxdechange tauxconversion tipocambio tipodecambio tasacambio taxadecambio "
        "taxacambio tassodicambio wisselkoers"
    ),
    "source_division": (
        "division divisionname businessunit productline productdivision productcategory "
        "category categoryname maincategory department segmentproduct sparte geschaftsbereich "
        "produktbereich produktkategorie kategorie warengruppe hauptwarengruppe categorie "
        "gammeproduit departement familleproduit rayon linea lineaproducto categoria "
        "lineadenegocio categoriaproduto reparto productgroep divisao divisione"
    ),
    "family": (
        "family productfamily subcategory productsubcategory subcategoryname productgroup "
        "itemgroup subdivision productsubclass productfamilie produktfamilie produktgruppe "
        "unterkategorie unterwarengruppe artikelgruppe famille souscategorie sousfamille "
        "familia subcategoria sottocategoria famiglia"
    ),
}
WEAK = {
    "customer_id": "customer client account company kunde cliente buyer soldto household klant klanten",
    "customer_name": "customer client account company name kunde cliente buyer nom nombre nome klant naam",
    "order_date": (
        "date day datum tag fecha jour invoiced ordered data period month periode monat mois "
        "periodo mes mese maand"
    ),
    "invoice_id": (
        "order document doc bill receipt transaction beleg bestellung pedido basket nf nota "
        "ordine bon"
    ),
    "sku": (
        "item product article part material artikel produkt produit producto model produto "
        "artigo articolo prodotto referencia referenz"
    ),
    "revenue": (
        "amount total value betrag summe wert gesamt brutto bruttobetrag nettopreis montant "
        "totalttc importe valor subtotal totalamount totalprice grosssales gross net netto nett "
        "price valortotal importo bedrag totaal totale totalvalue"
    ),
    "gross_profit": "gm",
    "rep": "agent owner manager mitarbeiter",
    "region": "state bundesland province country land pays pais zone estado provincia",
    "source_division": "group class segment gruppe bereich groupe grupo type gruppo groep",
    "conversion_rate": "rate fx taux",
}
DECOYS = {
    "unit price": (
        "unitprice price listprice saleprice sellingprice einzelpreis stuckpreis preis "
        "listenpreis prixunitaire prix precio preciounitario priceperunit precounitario "
        "valorunitario prezzounitario prezzo preco stuksprijs eenheidsprijs prijs netunitprice "
        "priceeach"
    ),
    "cost": (
        "cost unitcost standardcost cogs costofgoods costamount einstandspreis ek einkaufspreis "
        "kosten cout prixachat coste costo custo kostprijs"
    ),
    "discount or tax": (
        "discount discountpct discountamount rabatt rabattproz remise descuento tax taxamount "
        "vat vatamount mwst ust tva iva salestax freight shipping versand fracht skonto "
        "desconto sconto korting btw imposto"
    ),
    "another date": (
        "shipdate shippeddate deliverydate duedate requesteddate paymentdate expirationdate "
        "lieferdatum falligkeit faelligkeitsdatum zahlungsdatum versanddatum datelivraison "
        "dateecheance fechaentrega fechavencimiento birthdate birthday valuedate dataentrega "
        "datavencimento leverdatum datascadenza"
    ),
    "product name": (
        "productname itemname description itemdescription productdescription articlename "
        "articledescription bezeichnung artikelbezeichnung artikeltext artikelname produktname "
        "produktbezeichnung designation libelle descripcion nombreproducto nomeproduto "
        "descricao descricaoproduto descrizione omschrijving productomschrijving productnaam "
        "artikelomschrijving nomeprodotto"
    ),
    "line number": (
        "line lineno linenumber linenum lineitem orderline pos position posnr zeile zeilennr "
        "ligne numligne rownumber rowid linea numlinea orderlinenumber linha riga regel "
        "orderlineno"
    ),
    "order type": (
        "ordertype doctype documenttype transactiontype invoicetype salestype saletype belegart "
        "auftragsart typecommande tipo tipodocumento documenttypecode soort"
    ),
    "address": (
        "zip zipcode postcode postalcode plz ort city town street address adresse strasse "
        "codepostal ville ciudad codigopostal email phone telefon cidade endereco indirizzo "
        "citta stad adres cep"
    ),
}
# In the header of a SKU's column in a wide log.
QUANTITY_WORDS = (
    "qty quantity units unit pcs pieces count menge stk stuck stueck anzahl qte quantite cantidad "
    "unidades volume"
)
PROFIT_WORDS = "gp profit margin grossprofit db rohertrag marge margen"
REVENUE_WORDS = (
    "revenue rev sales amount amt value usd eur umsatz betrag erlos ca montant ventas net netto "
    "turnover"
)
# The last word says what a thing is ("sales team", "order status"), or the first before "de".
OTHER_THINGS = (
    "team equipe equipo org organisation organization office channel canal person rep manager agent "
    "force region area territory district zone group grupo gruppe class klasse center centre zentrum "
    "centro type typ tipo category kategorie status statut estado stage flag table list account "
    "customer customers client kunde kunden store branch company department division tier level priority method mode "
    "source name description desc text comment note unit uom measure"
)
# Anywhere in a name: it names or ranks, or is a part, a mean or a wish of the thing.
NUMBERS_OF = "id ids guid uuid key code kode cod codigo clave schluessel schlussel no nr num number"
SHARES = (
    "pct percent percentage proz prozent prozentual rate ratio share anteil quote tasa taux taxa "
    "porcentaje porcentagem pourcentage percentuale per pro avg average mean durchschnitt moyenne "
    "promedio median min max minimum maximum target quota budget goal forecast plan planned soll "
    "objetivo ziel lifetime previous prior last lastyear ly py ytd cumulative running rank score index"
)
# Of a quantity: what lies in a store, not what was sold.
IN_STOCK = "stock hand onhand available reorder backorder backordered inventory lager bestand"
# A name with these is no identifier and no date.
AMOUNTS = (
    "count total amount amt sum qty quantity value price cost margin profit revenue sales pct percent "
    "day month year week quarter weekday hour currency"
)
# Around a measure's name they change nothing.
NEUTRAL = (
    "net gross netto brutto total line ext extended amount amt value val sum order invoice invoiced "
    "inv item items product products doc document row base transaction trans txn sold shipped billed "
    "ordered actual sales sale in of the and a usd eur gbp chf cad aud nzd jpy brl mxn inr sek nok dkk "
    "pln czk zar cny hkd sgd local home currency lc fc excl incl de des du da do del la le les der "
    "die das im k pcs pieces ea each stk"
)
# "Net sales excl. VAT": what is outside is not what the column holds.
WITHOUT = "excl ex excluding exclusive without before after net ohne exkl zzgl nach vor hors sin sem senza"
TAXES = (
    "vat tax taxes mwst ust tva iva btw discount discounts rabatt rebate rebates freight shipping"
)
