import{c as o}from"./chunk-UQSE6FCX.js";function i(t){o(()=>{document.title=`${t} \xB7 LPL`},[t])}export{i as a};
